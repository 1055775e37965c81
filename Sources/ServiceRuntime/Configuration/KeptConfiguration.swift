import Glibc
import TopologyFile
import TrustedFiles

/// The configuration that the core runs with, kept in its state directory as long as it runs: a core that ended without saying so and is
/// started again goes on with it, whatever stands in the file by then.
///
/// An orderly end removes it, a boot of the machine makes it void, and a core that dies again before it was ready finds none. So whoever stops
/// and starts a core has the file. Where root starts the core nothing is kept: the state directory is the core's account's, and root would
/// believe it (`postern up` hands the text down itself).
struct KeptConfiguration {
    /// The configuration file that it is about.
    let file: String
    let path: String

    init(of file: String, in stateDirectory: String) { (self.file, path) = (file, "\(stateDirectory)/configuration-in-force") }

    /// Takes away what an earlier core has left.
    ///
    /// - Returns: its text; nil where there is none that counts.
    func take() -> [UInt8]? {
        let file: TrustedFile
        do throws(TrustedFileError) {
            file = try TrustedFile.read(path, limit: TopologyFile.maximumBytes + Self.headRoom)
        } catch {
            return nil
        }
        unlink(path)
        let octets = file.octets
        guard let head, octets.starts(with: head) else { return nil }
        return Array(octets[head.count...])
    }

    /// Keeps this text; durable when it returns.
    func keep(_ text: String) throws(TrustedFileError) {
        guard let head else { return }
        try AtomicFile.write(head + Array(text.utf8), to: path, mode: 0o600)
    }

    /// The core ends in an orderly way.
    func forget() { unlink(path) }

    /// What the text must be about to count: this boot, and this file.
    private var head: [UInt8]? {
        ProcessFile.text(of: "/proc/sys/kernel/random/boot_id").map { Array("postern 1\n\($0.prefix { $0 != "\n" })\n\(file)\n".utf8) }
    }

    private static let headRoom = 8192
}
