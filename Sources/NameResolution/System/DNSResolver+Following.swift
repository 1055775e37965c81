import Logging
import Topology

/// How a daemon keeps its resolver up with the machine and with the configuration, and says so.
extension DNSResolver {
    /// Logs who is asked, and what of the system's file was passed over. To be called once after the start.
    public func logNotes(to log: Logger) {
        for note in notes { log.warning("name servers: \(note)") }
    }

    /// Takes up changed files (``lookAgain()``) and logs it. To be called every few seconds.
    public func followFiles(log: Logger) {
        do throws(ResolverError) {
            guard try lookAgain() else { return }
            log.notice("name servers have changed: taken up", metadata: ["servers": "\(servers.joined(separator: " "))"])
            logNotes(to: log)
        } catch {
            log.error("a file of names has changed and cannot be used: what it said before stays", metadata: ["error": "\(error)"])
        }
    }

    /// Asks as another configuration says (`resolver`) from the next question on.
    ///
    /// - Returns: what is not done, a sentence for each; empty where all is.
    public func adopt(_ topology: Topology, log: Logger) -> [String] {
        do throws(ResolverError) {
            try adopt(ResolverSettings(of: topology))
            return []
        } catch {
            log.error("resolver: the change cannot be taken up, the old settings stay", metadata: ["error": "\(error)"])
            return ["resolver: the change cannot be taken up, the old settings stay: \(error)"]
        }
    }
}
