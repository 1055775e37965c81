import Foundation
import MailVocabulary
import Synchronization
import Testing

@testable import Authentication

@Suite("Many exchanges", .serialized)
struct ManyExchangesTests {
    @Test("on eight threads at once each has its own result")
    func parallel() throws {
        let server = try TestServer()
        let wrong = Mutex<[String]>([])
        let threads = (0..<8).map { number in
            let done = DispatchSemaphore(value: 0)
            let thread = Thread {
                defer { done.signal() }
                for round in 0..<60 {
                    let mechanism = passwordMechanisms[(number + round) % passwordMechanisms.count]
                    let (name, password, isRight) = [
                        ("anna", "pencil", true), ("phone", "crayon", true), ("nobody", "pencil", false), ("anna", "crayon", false),
                    ][round % 4]
                    do {
                        let logIn = try server.logIn(mechanism, name, password)
                        let expected = isRight ? (name == "phone" ? "phone" : "anna@a.example") : nil
                        if logIn.identity?.loginName != expected { wrong.withLock { $0.append("\(mechanism) \(name): \(logIn.answer)") } }
                    } catch {
                        wrong.withLock { $0.append("\(mechanism) \(name): \(error)") }
                    }
                }
            }
            thread.stackSize = 1 << 20
            thread.start()
            return done
        }
        for done in threads { done.wait() }
        #expect(wrong.withLock { $0 } == [])
    }

    @Test("10,000 exchanges, most of them abandoned or refused, leave no memory behind")
    func memory() throws {
        let server = try TestServer()
        func round(_ number: Int) throws {
            let mechanism = passwordMechanisms[number % passwordMechanisms.count]
            let exchange = try server.exchange(mechanism)
            switch number % 10 {
            case 0: _ = try server.logIn(mechanism, "anna")
            case 1: _ = try server.logIn(mechanism, "nobody", "wrong")
            case 2...5: _ = exchange.begin(mechanism == .scramSHA256 ? Array("n,,n=anna,r=abcdefgh".utf8) : nil)
            default:
                _ = exchange.begin(nil)
                _ = exchange.step([UInt8](repeating: UInt8(number % 256), count: number % 3000))
            }
        }
        for number in 0..<1500 { try round(number) }
        let before = try residentOctets()
        for number in 0..<10_000 { try round(number) }
        #expect(try residentOctets() - before < 8 << 20)
    }

    private func residentOctets() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
