import Glibc
import ServiceRuntime
import Testing

@testable import CommandLineTool

/// A supervision with a simulated clock: timers fire when time passes, in their order.
private struct Simulation {
    var supervision = Supervision(daemons: SupervisedDaemon.withoutSubmission)
    var now = Duration.zero
    var timers: [(at: Duration, timer: Supervision.Timer)] = []
    /// Everything asked for since the last look, without timers.
    var actions: [Supervision.Action] = []

    static func started() -> Simulation {
        var simulation = Simulation()
        simulation.send(.start)
        for daemon in SupervisedDaemon.withoutSubmission { simulation.send(.ready(daemon)) }
        simulation.actions = []
        return simulation
    }

    mutating func send(_ event: Supervision.Event) {
        for action in supervision.receive(event, at: now) {
            if case .schedule(let timer, let delay) = action {
                timers.append((now + delay, timer))
            } else {
                actions.append(action)
            }
        }
    }

    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while let next = timers.enumerated().filter({ $0.element.at <= end }).min(by: { $0.element.at < $1.element.at }) {
            timers.remove(at: next.offset)
            now = next.element.at
            send(.timer(next.element.timer))
        }
        now = end
    }

    mutating func take() -> [Supervision.Action] {
        defer { actions = [] }
        return actions
    }

    /// Signals asked for since the last look; the other actions are dropped.
    mutating func takeSignals() -> [Supervision.Action] {
        take().filter { if case .signal = $0 { true } else { false } }
    }
}

@Suite("supervision")
struct SupervisionTests {
    private static let killed = DaemonEnding.signalled(SIGKILL)

    @Test("the core starts first, and the banner comes when all are ready")
    func start() {
        var simulation = Simulation()
        simulation.send(.start)
        // Not the others, until it is certain that they take nothing from a system that runs already.
        #expect(simulation.take() == [.spawn(.core)])
        simulation.send(.coreHolds)
        #expect(simulation.take() == [.spawn(.delivery), .spawn(.mailbox), .spawn(.edge)])
        simulation.send(.coreHolds)
        #expect(simulation.take().isEmpty)
        for daemon in [SupervisedDaemon.edge, .core, .mailbox] { simulation.send(.ready(daemon)) }
        #expect(simulation.take().isEmpty)
        simulation.send(.ready(.delivery))
        #expect(simulation.take() == [.announce(notReady: [])])
        simulation.send(.ready(.delivery))
        simulation.pass(.seconds(60))
        #expect(simulation.take().isEmpty)
    }

    @Test("after five seconds the banner names who is not ready")
    func slowStart() {
        var simulation = Simulation()
        simulation.send(.start)
        simulation.send(.ready(.core))
        simulation.send(.ready(.mailbox))
        _ = simulation.take()
        simulation.pass(.milliseconds(4999))
        #expect(simulation.take().isEmpty)
        simulation.pass(.milliseconds(1))
        #expect(simulation.take() == [.announce(notReady: [.delivery, .edge])])
        simulation.send(.ready(.edge))
        simulation.send(.ready(.delivery))
        #expect(simulation.take().isEmpty)
    }

    @Test("a daemon that dies is started again, each time said, and the others run on")
    func restart() {
        var simulation = Simulation.started()
        simulation.pass(.seconds(60))
        simulation.send(.ended(.edge, Self.killed))
        #expect(simulation.take() == [.say(.restarting(.edge, Self.killed, lived: .seconds(60), delay: .zero))])
        simulation.pass(.zero)
        #expect(simulation.take() == [.spawn(.edge)])
        simulation.send(.ended(.edge, .exited(status: 71)))
        #expect(simulation.take() == [.say(.restarting(.edge, .exited(status: 71), lived: .zero, delay: .milliseconds(100)))])
        simulation.pass(.milliseconds(99))
        #expect(simulation.take().isEmpty)
        simulation.pass(.milliseconds(1))
        #expect(simulation.take() == [.spawn(.edge)])
    }

    @Test("a daemon that cannot be started at all climbs the same ladder")
    func notStarted() {
        var simulation = Simulation.started()
        simulation.send(.ended(.core, .notStarted(errno: EAGAIN)))
        simulation.pass(.zero)
        simulation.send(.ended(.core, .notStarted(errno: EAGAIN)))
        simulation.pass(.milliseconds(100))
        #expect(simulation.take().filter { $0 == .spawn(.core) }.count == 2)
    }

    @Test("a configuration error right at the start stops everything with 78")
    func configurationError() {
        var simulation = Simulation()
        simulation.send(.start)
        simulation.send(.coreHolds)
        _ = simulation.take()
        simulation.send(.ended(.core, .exited(status: 78)))
        #expect(simulation.take() == [.say(.configurationRefused(.core)), .signal(.edge, SIGTERM)])
        simulation.send(.ended(.edge, .exited(status: 78)))
        #expect(simulation.take() == [.signal(.delivery, SIGTERM), .signal(.mailbox, SIGTERM)])
        simulation.send(.ended(.mailbox, .signalled(SIGTERM)))
        simulation.send(.ended(.delivery, .exited(status: 0)))
        #expect(simulation.take() == [.say(.stopped), .finish(.configuration)])
    }

    @Test("two at once: a core that cannot have the directories ends everything with 71, and nothing else was started")
    func secondSystem() {
        var simulation = Simulation()
        simulation.send(.start)
        simulation.send(.ended(.core, .exited(status: 71)))
        #expect(simulation.take() == [.spawn(.core), .say(.cannotStart(.core)), .say(.stopped), .finish(.osError)])
    }

    @Test("a port that is taken at the start ends everything with 71; a state that cannot be read with 74", arguments: [71, 74] as [Int32])
    func takenPort(status: Int32) {
        var simulation = Simulation()
        simulation.send(.start)
        simulation.send(.ready(.core))
        _ = simulation.take()
        simulation.send(.ended(.edge, .exited(status: status)))
        #expect(simulation.take() == [.say(.cannotStart(.edge)), .signal(.delivery, SIGTERM), .signal(.mailbox, SIGTERM)])
        for daemon in [SupervisedDaemon.delivery, .mailbox, .core] { simulation.send(.ended(daemon, .exited(status: 0))) }
        #expect(simulation.take().last == .finish(status == 71 ? .osError : .inputOutput))
    }

    @Test("a configuration that became wrong later does not stop a mail server that runs")
    func laterConfigurationError() {
        var simulation = Simulation.started()
        simulation.send(.ended(.delivery, Self.killed))
        simulation.pass(.zero)
        simulation.send(.ended(.delivery, .exited(status: 78)))
        #expect(simulation.take().last == .say(.restarting(.delivery, .exited(status: 78), lived: .zero, delay: .milliseconds(100))))
    }

    @Test("Ctrl-C ends front ends first, then delivery and mailbox, then the core", arguments: [ProcessSignal.interrupt, .terminate])
    func stop(signal: ProcessSignal) {
        var simulation = Simulation.started()
        simulation.send(.signal(signal))
        #expect(simulation.take() == [.say(.stopping(signal)), .signal(.edge, SIGTERM)])
        simulation.send(.ended(.edge, .exited(status: 0)))
        #expect(simulation.take() == [.signal(.delivery, SIGTERM), .signal(.mailbox, SIGTERM)])
        simulation.send(.ended(.delivery, .exited(status: 0)))
        #expect(simulation.take().isEmpty)
        simulation.send(.ended(.mailbox, .exited(status: 0)))
        #expect(simulation.take() == [.signal(.core, SIGTERM)])
        simulation.send(.ended(.core, .exited(status: 0)))
        #expect(simulation.take() == [.say(.stopped), .finish(.success)])
    }

    @Test("a stage that hangs does not keep the next one, and within 8 s all are killed")
    func hanging() {
        var simulation = Simulation.started()
        simulation.send(.signal(.terminate))
        _ = simulation.take()
        simulation.pass(.seconds(3))
        #expect(simulation.take() == [.signal(.delivery, SIGTERM), .signal(.mailbox, SIGTERM)])
        simulation.send(.ended(.delivery, .exited(status: 0)))
        simulation.pass(.seconds(3))
        #expect(simulation.take() == [.signal(.core, SIGTERM)])
        simulation.pass(.milliseconds(1499))
        #expect(simulation.take().isEmpty)
        simulation.pass(.milliseconds(1))
        #expect(
            simulation.take() == [
                .say(.killing([.core, .mailbox, .edge])), .signal(.core, SIGKILL), .signal(.mailbox, SIGKILL), .signal(.edge, SIGKILL),
            ])
        for daemon in [SupervisedDaemon.edge, .core, .mailbox] { simulation.send(.ended(daemon, Self.killed)) }
        #expect(simulation.take() == [.say(.stopped), .finish(.success)])
    }

    @Test("a second Ctrl-C tells all at once, a third kills")
    func impatient() {
        var simulation = Simulation.started()
        simulation.send(.signal(.interrupt))
        _ = simulation.take()
        simulation.send(.signal(.interrupt))
        #expect(simulation.takeSignals() == SupervisedDaemon.withoutSubmission.map { .signal($0, SIGTERM) })
        simulation.send(.ended(.edge, .exited(status: 0)))
        #expect(simulation.take().isEmpty)
        simulation.send(.signal(.interrupt))
        #expect(simulation.takeSignals() == [.signal(.core, SIGKILL), .signal(.delivery, SIGKILL), .signal(.mailbox, SIGKILL)])
    }

    @Test("a second Ctrl-C leaves three seconds")
    func hastened() {
        var simulation = Simulation.started()
        simulation.send(.signal(.interrupt))
        simulation.send(.signal(.interrupt))
        _ = simulation.take()
        simulation.pass(.seconds(3))
        #expect(simulation.takeSignals().count == 4)
    }

    @Test("nothing starts again during the end, also not what waits for its restart")
    func noRestartWhileStopping() {
        var simulation = Simulation.started()
        simulation.send(.ended(.edge, Self.killed))
        simulation.pass(.zero)
        simulation.send(.ended(.edge, Self.killed))
        simulation.send(.signal(.terminate))
        // The edge does not run: the next stage is told at once.
        #expect(simulation.takeSignals() == [.signal(.delivery, SIGTERM), .signal(.mailbox, SIGTERM)])
        simulation.pass(.seconds(1))
        #expect(!simulation.take().contains(.spawn(.edge)))
    }

    @Test("SIGTERM while nothing runs ends at once")
    func nothingRuns() {
        var simulation = Simulation.started()
        for daemon in SupervisedDaemon.withoutSubmission { simulation.send(.ended(daemon, Self.killed)) }
        simulation.send(.signal(.terminate))
        #expect(simulation.take().last == .finish(.success))
    }

    @Test("SIGHUP goes on to all daemons that run, and to none during the end")
    func reload() {
        var simulation = Simulation.started()
        simulation.send(.ended(.mailbox, Self.killed))
        _ = simulation.take()
        simulation.send(.signal(.reload))
        #expect(simulation.take() == [.say(.reloading), .signal(.core, SIGHUP), .signal(.delivery, SIGHUP), .signal(.edge, SIGHUP)])
        simulation.send(.signal(.terminate))
        _ = simulation.take()
        simulation.send(.signal(.reload))
        #expect(simulation.take().isEmpty)
    }

    @Test("an end that is reported twice counts once")
    func twice() {
        var simulation = Simulation.started()
        simulation.send(.ended(.edge, Self.killed))
        _ = simulation.take()
        simulation.send(.ended(.edge, Self.killed))
        #expect(simulation.take().isEmpty)
    }

    @Test("notices are sentences")
    func sentences() {
        #expect(
            Supervision.Notice.restarting(.edge, Self.killed, lived: .milliseconds(3270), delay: .zero).text
                == "postern-edge was ended by SIGKILL after 3.2 s; it is started again at once")
        #expect(
            Supervision.Notice.restarting(.core, .exited(status: 71), lived: .zero, delay: .milliseconds(100)).text
                == "postern-core ended with status 71 after 0.0 s; it is started again in 0.1 s")
        #expect(
            Supervision.Notice.restarting(.core, .notStarted(errno: EAGAIN), lived: .zero, delay: .seconds(2)).text
                == "postern-core could not be started (Resource temporarily unavailable) after 0.0 s; it is started again in 2.0 s")
    }

    @Test(
        "wait statuses are read as waitpid(2) writes them",
        arguments: [(0x0000, DaemonEnding.exited(status: 0)), (0x4E00, .exited(status: 78)), (9, .signalled(9)), (0x8B, .signalled(11))]
            as [(Int32, DaemonEnding)])
    func waitStatus(status: Int32, ending: DaemonEnding) {
        #expect(DaemonEnding(waitStatus: status) == ending)
    }
}
