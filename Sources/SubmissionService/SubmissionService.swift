import CoreLink
import FrontEnd
import ServiceRuntime

/// `postern-submission`: takes mail over TLS from people who log in, and from the computers that may relay here (S21).
///
/// It does not know who somebody is: `postern-auth` says so, and the core believes only the token that it has issued itself.
public enum SubmissionService {
    /// Runs until it is asked to end.
    public static func run(_ daemon: Daemon) async -> ExitStatus {
        await FrontEnd.run(daemon, as: SubmissionLink.self, serving: { !$0.isEdge }, logsIn: true)
    }
}
