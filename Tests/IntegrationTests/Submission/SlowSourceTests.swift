import Foundation
import Testing

/// A system that passwords are asked of besides takes its time: who has a right one of the directory does not notice.
@Suite("Kind: what waits for another system holds up nobody else")
struct SlowSourceTests {
    @Test(
        "40 logins wait for a saslauthd that does not answer; right passwords of the directory get their 235 meanwhile",
        .timeLimit(.minutes(2)))
    func saslauthd() async throws {
        let folder = try TemporaryFolder()
        let saslauthd = try FakeSaslauthd(in: folder)
        defer { saslauthd.stop() }
        let settings = SubmissionUnderTest.Settings(
            tls: "{ mode: offered }",
            authentication: "{ basic: { mechanisms: [PLAIN], require_tls: false }, challenge: { mechanisms: [SCRAM-SHA-256] } }",
            rest: "identity: { saslauthd: { socket: \"\(saslauthd.path)\" } }")
        try await withSubmission(settings) { server in
            let (waits, mayEnd) = (folder.file("waits").path, folder.file("end").path)
            try Data().write(to: folder.file("end"))
            // Each of a network of its own, and of a name of its own: no limit of one of them is the reason for anything.
            let slow = 1...40
            let begin = slow.map { number in
                let message = Data("\0user\(number)@local.test\0wrong".utf8).base64EncodedString()
                return "@slow\(number) \(server.port) 127.0.1.\(number)\nS: 220\nC: EHLO c.test\nS: 250\nC: AUTH PLAIN \(message)"
            }
            let end = slow.map { "@slow\($0)\nS: 535 5.7.8" }
            let script = begin + ["TOUCH \(waits)", "GONE \(mayEnd)"] + end
            async let played = server.play(script.joined(separator: "\n"))
            // 32 are asked about at once, the others wait in line: more than the threads that derive keys.
            _ = try await eventually("saslauthd is asked; \(saslauthd.most) of 32 \(server.postern.logText.suffix(2000))") {
                saslauthd.count == 32 && FileManager.default.fileExists(atPath: waits) ? true : nil
            }
            let directory = ["PLAIN", "SCRAM-SHA-256"].flatMap { mechanism in
                ["anna", "bert"].map { name in
                    """
                    @\(mechanism)-\(name) \(server.port)
                    S: 220
                    C: EHLO c.test
                    S: 250
                    AUTH \(mechanism) \(name)@local.test \(SubmissionUnderTest.password)
                    S: 235
                    """
                }
            }
            #expect(try await server.play(directory.joined(separator: "\n")).isEmpty)
            // All of that while none of the others had its answer.
            #expect(saslauthd.count == 32)
            saslauthd.release()
            unlink(mayEnd)
            #expect(try await played.isEmpty)
            #expect(saslauthd.most == 32, "no more are asked about at once")
        }
    }
}
