import MailVocabulary
import Synchronization
import Testing

@testable import TransportSecurity

@Suite("Keys of session tickets change with time")
struct TicketKeysTests {
    @Test("a key seals for one period, opens for two, and is forgotten then")
    func rotation() throws {
        let clock = Clock()
        let keys = TicketKeys(period: .seconds(100), now: { clock.now })
        let first = try #require(keys.sealing())
        #expect(keys.sealing()?.name == first.name)
        #expect(opens(keys, first.name) == false)
        clock.advance(100)
        let second = try #require(keys.sealing())
        #expect(second.name != first.name)
        #expect(opens(keys, first.name) == true)
        clock.advance(99)
        #expect(opens(keys, first.name) == true)
        clock.advance(1)
        #expect(opens(keys, first.name) == nil)
        #expect(opens(keys, [UInt8](repeating: 7, count: 16)) == nil)
    }

    /// Nil: unknown; otherwise whether the client should have a newer one.
    private func opens(_ keys: TicketKeys, _ name: [UInt8]) -> Bool? {
        name.withUnsafeBufferPointer { keys.opening($0)?.isOld }
    }

    private final class Clock: Sendable {
        private let moment = Mutex(Timestamp(seconds: 1_000_000))
        var now: Timestamp { moment.withLock { $0 } }
        func advance(_ seconds: Int) { moment.withLock { $0 = $0 + .seconds(seconds) } }
    }
}
