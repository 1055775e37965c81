import MailVocabulary
import NIOCore
import Testing

@testable import DeliveryService

@Suite("Facts of the network: the machine's own addresses")
struct MachineAddressesTests {
    private struct Unreadable: Error {}

    private final class Machine {
        var addresses: Set<IPAddress>?
        var failures = 0

        init(_ addresses: Set<IPAddress>) { self.addresses = addresses }

        func make(_ start: NIODeadline) throws -> MachineAddresses {
            func read() throws -> Set<IPAddress> {
                guard let addresses else { throw Unreadable() }
                return addresses
            }
            return try MachineAddresses(now: start, failed: { _ in self.failures += 1 }, read: read)
        }
    }

    private let first = IPAddress(ipv4: 0xC000_0201)
    private let floating = IPAddress(ipv4: 0xC000_0202)
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("an address that comes is known within a second and uncertain for an hour; one that goes is gone")
    func comesAndGoes() throws {
        let machine = Machine([first])
        let addresses = try machine.make(start)
        machine.addresses = [first, floating]
        #expect(addresses.known(now: start + .milliseconds(999)).addresses == [first])
        #expect(addresses.known(now: start + .seconds(1)) == .init(addresses: [first, floating], uncertain: [floating]))
        #expect(addresses.known(now: start + .minutes(60)).uncertain == [floating])
        #expect(addresses.known(now: start + .minutes(62)) == .init(addresses: [first, floating]))
        machine.addresses = [first]
        #expect(addresses.known(now: start + .minutes(63)) == .init(addresses: [first]))
    }

    @Test("while the system cannot be asked nothing is certain, and it is said once")
    func unreadable() throws {
        let machine = Machine([first])
        let addresses = try machine.make(start)
        machine.addresses = nil
        for second in 1...3 {
            #expect(addresses.known(now: start + .seconds(Int64(second))) == .init(addresses: [first], uncertain: [first]))
        }
        #expect(machine.failures == 1)
        machine.addresses = [first]
        #expect(addresses.known(now: start + .seconds(4)) == .init(addresses: [first]))
    }

    @Test("a system that cannot be asked at the start is an error")
    func unreadableAtStart() throws {
        let machine = Machine([])
        machine.addresses = nil
        #expect(throws: Unreadable.self) { try machine.make(start) }
    }
}
