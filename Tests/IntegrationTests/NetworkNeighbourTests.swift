import Foundation
import Testing

/// Law 5 where every stranger has the address of a bridge or gateway: in a network namespace that the test makes.
@Suite("Gateways and bridges around a real start")
struct NetworkNeighbourTests {
    private static func configuration(computers: String) -> String {
        """
        version: 1
        hostname: mx.postern.test
        default_domain: local.test
        state_directory: state
        runtime_directory: run
        virtual_servers:
          printers:
            role: submission
            listen: ["127.0.0.1:2587"]
            authentication: { anonymous: true }
            relay: { accounts: none, computers: \(computers) }
        \(PosternUnderTest.localDomain)
          general: { address_spaces: [{ domain: "*" }], deliver: dns }
        """
    }

    /// Runs a program where there is a bridge with an address and a default gateway behind it.
    private static func run(_ program: [String]) async throws -> Program.Result {
        // What /sys tells of interfaces is told of the namespace that it was mounted in.
        let network = """
            mount -t sysfs sysfs /sys && ip link add br-test type bridge && ip address add 10.88.0.1/16 dev br-test && ip link set br-test up \
            && ip route add default via 10.88.200.1 && exec "$@"
            """
        return try await Program.run("unshare", ["--net", "--mount", "sh", "-c", network, "sh"] + program)
    }

    @Test(
        "postern check and the submission server refuse computers that hold the address of a bridge or of the gateway",
        .enabled(if: getuid() == 0, "only root can make a network namespace"),
        arguments: [
            ("{ only: [10.88.0.0/24] }", "10.88.0.1 (this machine's address on a bridge, br-test)"),
            ("{ only: [10.88.200.0/24] }", "10.88.200.1 (the default gateway, br-test)"),
        ])
    func refused(computers: String, neighbour: String) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("postern.yaml", Self.configuration(computers: computers))
        for program in [[PosternUnderTest.postern, "check"], ["\(PosternUnderTest.executables)/postern-submission"]] {
            let result = try await Self.run(program + ["--config", file])
            #expect(result.status == 78, "\(result)")
            let said = "\(result.text)\(result.errors)"
            #expect(
                said.contains("postern.yaml:11:30: error: virtual_servers.printers.relay.computers: an open relay: \(neighbour)"), "\(said)"
            )
            #expect(said.contains("C: RCPT TO:<victim@victim.example>"), "\(said)")
        }
    }

    @Test(
        "computers beside them are accepted, and so are those that are said to be meant",
        .enabled(if: getuid() == 0, "only root can make a network namespace"),
        arguments: ["{ only: [10.88.1.0/24] }", "{ only: [10.88.0.0/16], acknowledge_open_relay: true }"])
    func accepted(computers: String) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("postern.yaml", Self.configuration(computers: computers))
        let result = try await Self.run([PosternUnderTest.postern, "check", "--config", file])
        #expect(result.status == 0, "\(result)")
        #expect(result.text.contains("acknowledged") == computers.contains("acknowledge"), "\(result)")
    }
}
