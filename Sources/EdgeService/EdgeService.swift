import CoreLink
import FrontEnd
import ServiceRuntime

/// `postern-edge`: takes anonymous mail from the Internet, and relays for nobody.
public enum EdgeService {
    /// Runs until it is asked to end.
    public static func run(_ daemon: Daemon) async -> ExitStatus {
        await FrontEnd.run(daemon, as: EdgeLink.self, serving: \.isEdge, logsIn: false)
    }
}
