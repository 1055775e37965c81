import MailVocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Whether an address is one of this machine's now.
enum MachineAddress {
    /// Asks the kernel by binding a datagram socket to a port of its choice: nothing is sent, and nobody can reach it before it is closed.
    ///
    /// - Returns: false only where the kernel says that it does not have the address; true where it cannot be told.
    static func isHere(_ address: IPAddress) -> Bool {
        let isIPv6 = address.family == .ipv6
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let text = "\(address)"
        let code: Int32
        if isIPv6 {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            guard inet_pton(AF_INET6, text, &name.sin6_addr) == 1 else { return true }
            code = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
            }
        } else {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            guard inet_pton(AF_INET, text, &name.sin_addr) == 1 else { return true }
            code = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        }
        return code == 0 || errno != EADDRNOTAVAIL
    }
}
