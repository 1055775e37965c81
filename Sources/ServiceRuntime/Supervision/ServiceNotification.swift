import Glibc

/// The way to a service manager that was promised to hear of this process (`Type=notify`, sd_notify(3)): datagrams to a Unix socket.
///
/// The protocol is a few lines of text and documented as stable. The library for it would bring compression and cryptography into every
/// process, the one that holds the mail among them.
public final class ServiceNotification: Sendable {
    private let descriptor: Int32
    private let address: [UInt8]

    /// The way that `NOTIFY_SOCKET` names; nil where it names none, or nothing that this process can send to.
    ///
    /// The variable is taken out of the environment. Before other threads use the environment.
    static func fromEnvironment() -> ServiceNotification? {
        guard let path = getenv("NOTIFY_SOCKET") else { return nil }
        defer { unsetenv("NOTIFY_SOCKET") }
        return ServiceNotification(path: String(cString: path))
    }

    /// - Parameter path: absolute, or abstract with a leading `@`, within the 107 octets of an address (unix(7)).
    init?(path: String) {
        var octets = Array(path.utf8)
        guard octets.count > 1, octets.count <= 107, path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
        if octets[0] == UInt8(ascii: "@") { octets[0] = 0 }
        let made = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0 else { return nil }
        (descriptor, address) = (made, octets)
    }

    deinit { close(descriptor) }

    /// The process does its work from now on, or again after a reload.
    public func ready(status: String?) { send(["READY=1"] + (status.map { ["STATUS=\(Self.line($0))"] } ?? [])) }

    /// A reload begins; ``ready(status:)`` ends it.
    public func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send(["RELOADING=1", "MONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)"])
    }

    /// The end has begun.
    public func stopping() { send(["STOPPING=1", "STATUS=finishing what is under way"]) }

    /// The process is alive.
    public func alive() { send(["WATCHDOG=1"]) }

    /// Assignments are lines: a text must not make one of its own.
    private static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    }

    private func send(_ lines: [String]) {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: address) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
        let text = Array(lines.joined(separator: "\n").utf8)
        _ = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // A manager that is gone, or whose queue is full, is no reason to stop working.
                sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, length)
            }
        }
    }
}
