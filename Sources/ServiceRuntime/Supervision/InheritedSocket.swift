import Glibc
import MailVocabulary

/// A listening socket that whoever started this process made for it (sd_listen_fds(3)).
public struct InheritedSocket: Sendable {
    /// Where a socket listens.
    public enum Address: Hashable, Sendable {
        /// TCP; the port is 1 to 65535.
        case internet(IPAddress, port: Int)
        /// The path of a Unix socket.
        case unix(path: String)
    }

    public let descriptor: Int32
    /// What the other side calls it (`FileDescriptorName=`); nil where it was given no name of its own.
    public let name: String?
    public let address: Address

    /// Looks at a descriptor, and keeps it from programs that this process starts.
    ///
    /// - Parameter name: as it stands in `LISTEN_FDNAMES`.
    /// - Throws: ``InheritedSocketError``, where it is no stream socket that listens on an address that a configuration can name.
    init(descriptor: Int32, name: String) throws(InheritedSocketError) {
        self.descriptor = descriptor
        // What nobody named is called by its unit (systemd.socket(5)), or "unknown" (sd_listen_fds(3)).
        self.name = name.isEmpty || name == "unknown" || name.hasSuffix(".socket") ? nil : name
        let words = name.isEmpty ? "\(descriptor)" : "\(descriptor) (\(name))"
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw .unusable(socket: words, reason: "it is not open") }
        guard Self.option(descriptor, SOL_SOCKET, SO_TYPE) == Int32(SOCK_STREAM.rawValue) else {
            throw .unusable(socket: words, reason: "it is no stream socket")
        }
        guard Self.option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) == 1 else {
            throw .unusable(socket: words, reason: "it does not listen for connections")
        }
        guard let address = Self.localAddress(of: descriptor) else {
            throw .unusable(socket: words, reason: "it has no address that a configuration could name")
        }
        self.address = address
        if case .internet(let own, _) = address, own == IPAddress(octets: [UInt8](repeating: 0, count: 16)),
            Self.option(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) == 0
        {
            throw .unusable(
                socket: words, reason: "\(address) takes IPv4 as well, which `listen` says by itself: the unit needs BindIPv6Only=ipv6-only"
            )
        }
    }

    private static func option(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : nil
    }

    private static func localAddress(of descriptor: Int32) -> Address? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes -> Address? in
            guard let start = bytes.baseAddress,
                getsockname(descriptor, start.assumingMemoryBound(to: sockaddr.self), &length) == 0
            else { return nil }
            let octets = UnsafeRawBufferPointer(rebasing: bytes[..<min(Int(length), bytes.count)])
            // ip(7), ipv6(7): the port stands at octet 2 in network order, the address at 4 or, behind the flow, at 8. unix(7): a path
            // of what the length says, perhaps with a zero behind it; an abstract one begins with zero.
            func port() -> Int { Int(octets[2]) << 8 | Int(octets[3]) }
            switch Int32(bytes.load(as: sa_family_t.self)) {
            case AF_INET where octets.count >= 8:
                return IPAddress(octets: Array(octets[4..<8])).map { .internet($0, port: port()) }
            case AF_INET6 where octets.count >= 24:
                return IPAddress(octets: Array(octets[8..<24])).map { .internet($0, port: port()) }
            case AF_UNIX where octets.count > 3 && octets[2] != 0:
                return .unix(path: String(decoding: octets[2...].prefix { $0 != 0 }, as: UTF8.self))
            default: return nil
            }
        }
    }
}

extension InheritedSocket: CustomStringConvertible {
    public var description: String { name.map { "\(address) (\($0))" } ?? "\(address)" }
}

extension InheritedSocket.Address: CustomStringConvertible {
    /// `192.0.2.1:25`, `[2001:db8::1]:25`, `/run/postern/edge.sock`.
    public var description: String {
        switch self {
        case .internet(let address, let port): address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        case .unix(let path): path
        }
    }
}

/// Why sockets that were handed to this process cannot be used as they are.
public enum InheritedSocketError: Error, Hashable, CustomStringConvertible {
    /// The variables of the environment contradict each other.
    case malformed(String)
    case unusable(socket: String, reason: String)
    /// The address is one of the configuration's, the name another one's.
    case otherName(socket: String, expected: String)
    /// The configuration listens nowhere like this.
    case unwanted([String])

    public var description: String {
        switch self {
        case .malformed(let reason): "sockets were handed over, but \(reason)"
        case .unusable(let socket, let reason): "the socket \(socket) that was handed over cannot be used: \(reason)"
        case .otherName(let socket, let expected): "the socket \(socket) that was handed over is meant for another than `\(expected)`"
        case .unwanted(let sockets):
            "the configuration does not listen on what was handed over: \(sockets.joined(separator: ", "))"
        }
    }
}
