import Glibc
import Testing

@testable import ServiceRuntime

@Suite("A configuration that is handed down")
struct HandedConfigurationTests {
    @Test("the text is read as often as one likes until it is taken, and nobody changes it")
    func text() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let text = Array(String(repeating: "hostname: mx.postern.test\n", count: 5000).utf8)
            guard let descriptor = HandedConfiguration.file(of: text), descriptor >= 16 else { exit(1) }
            setenv(HandedConfiguration.environmentName, String(descriptor), 1)
            guard HandedConfiguration.text() == text, HandedConfiguration.text() == text else { exit(2) }
            guard write(descriptor, "x", 1) < 0, errno == EPERM, ftruncate(descriptor, 0) < 0, errno == EPERM else { exit(3) }
            guard HandedConfiguration.take() == text, HandedConfiguration.text() == nil, fcntl(descriptor, F_GETFD) < 0 else { exit(4) }
            exit(42)
        }
    }

    @Test("what names no file of ours is no configuration", arguments: ["", "x", "-1", "2", "987654"])
    func none(number: String) async {
        await #expect(processExitsWith: .exitCode(42)) { [number] in
            setenv(HandedConfiguration.environmentName, number, 1)
            guard HandedConfiguration.take() == nil else { exit(1) }
            exit(42)
        }
    }

    @Test("a pipe, and more than a file may have, are none")
    func wrongFile() async {
        await #expect(processExitsWith: .exitCode(42)) {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { exit(1) }
            setenv(HandedConfiguration.environmentName, String(ends[0]), 1)
            guard HandedConfiguration.text() == nil else { exit(2) }
            guard let descriptor = HandedConfiguration.file(of: [UInt8](repeating: 0x20, count: 1 << 20 + 1)) else { exit(3) }
            setenv(HandedConfiguration.environmentName, String(descriptor), 1)
            guard HandedConfiguration.text() == nil else { exit(4) }
            exit(42)
        }
    }
}

@Suite("What a daemon says to its supervisor")
struct SupervisorWordTests {
    private let revision = SupervisorWord.runs(revision: "cbf29ce484222325")

    @Test("words are taken out of what came in, in whatever pieces")
    func pieces() throws {
        let octets = try [.holds, revision, .ready].flatMap { (word: SupervisorWord) in try #require(word.octets) }
        for cut in 0...octets.count {
            var first = Array(octets[..<cut])
            var words = try #require(SupervisorWord.take(from: &first))
            first += octets[cut...]
            words += try #require(SupervisorWord.take(from: &first))
            #expect(words == [.holds, revision, .ready] && first.isEmpty, "cut at \(cut)")
        }
    }

    @Test("what no daemon of ours says is no word, and what is no revision is not said")
    func others() {
        var octets = Array("RX".utf8)
        #expect(SupervisorWord.take(from: &octets) == nil)
        #expect(SupervisorWord.runs(revision: "short").octets == nil)
    }
}
