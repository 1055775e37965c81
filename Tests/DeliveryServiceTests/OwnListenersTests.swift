import MailVocabulary
import NameResolution
import Testing
import Topology

@testable import DeliveryService

@Suite("What is ourself for a connection")
struct OwnListenersTests {
    private static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(parsing: text)) }

    private func loop(_ text: String, port: Int, _ listeners: [(String, Int)], uncertain: [String] = []) throws -> Reply? {
        let machine = Set(try ["127.0.0.1", "::1", "192.0.2.5", "192.0.2.16", "2001:db8::5"].map(Self.address))
        let known = MachineAddresses.Known(addresses: machine, uncertain: Set(try uncertain.map(Self.address)))
        let own = OwnListeners(try listeners.map { Listener(address: try Self.address($0.0), port: $0.1) }, machine: known)
        let found = NextHopResolution(literal: try Self.address(text), ourself: own.identity(names: [], port: port))
        guard case .failure(let reply) = found else { return nil }
        return reply
    }

    private func isOurself(_ text: String, port: Int, _ listeners: [(String, Int)]) throws -> Bool {
        guard let reply = try loop(text, port: port, listeners) else { return false }
        #expect(reply.code == 554)
        return true
    }

    @Test("facts of the network: an address that has moved away, or came a moment ago, makes a loop a transient failure (451 4.4.6)")
    func movingAddress() throws {
        func code(_ reply: Reply?) -> String? { reply.map { "\($0.code) \($0.status.map(String.init(describing:)) ?? "")" } }
        #expect(try code(loop("192.0.2.77", port: 25, [("192.0.2.77", 25)])) == "451 4.4.6")
        #expect(try code(loop("192.0.2.5", port: 25, [("0.0.0.0", 25)], uncertain: ["192.0.2.5"])) == "451 4.4.6")
        #expect(try code(loop("192.0.2.16", port: 25, [("0.0.0.0", 25)], uncertain: ["192.0.2.5"])) == "554 5.4.6")
        #expect(try code(loop("127.0.0.2", port: 25, [("127.0.0.2", 25)])) == "554 5.4.6")
        #expect(try loop("192.0.2.77", port: 25, [("0.0.0.0", 25)]) == nil)
    }

    @Test("a listener is ourself on its own port alone (S06)", arguments: [25, 2525])
    func ports(port: Int) throws {
        let listeners = [("192.0.2.5", 25), ("192.0.2.16", 2525)]
        #expect(try isOurself("192.0.2.5", port: port, listeners) == (port == 25))
        #expect(try isOurself("192.0.2.16", port: port, listeners) == (port == 2525))
        #expect(try !isOurself("192.0.2.7", port: port, listeners))
    }

    @Test("a listener on all addresses stands for those of the machine, in its family, and all of 127.0.0.0/8")
    func allAddresses() throws {
        for address in ["192.0.2.5", "127.0.0.1", "127.9.9.9"] {
            #expect(try isOurself(address, port: 25, [("0.0.0.0", 25)]))
            #expect(try !isOurself(address, port: 25, [("::", 25)]))
        }
        for address in ["2001:db8::5", "::1"] {
            #expect(try isOurself(address, port: 25, [("::", 25)]))
            #expect(try !isOurself(address, port: 25, [("0.0.0.0", 25)]))
        }
        #expect(try !isOurself("192.0.2.6", port: 25, [("0.0.0.0", 25), ("::", 25)]))
        #expect(try !isOurself("127.0.0.2", port: 25, [("127.0.0.1", 25)]))
    }
}
