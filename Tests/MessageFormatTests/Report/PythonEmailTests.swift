import Foundation
import MailVocabulary
import NIOCore
import Testing

@testable import MessageFormat

/// Whether a Python 3 is at hand.
private let python: String? = ["/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

@Suite("Python's email package reads our reports")
struct PythonEmailTests {
    private static let program = """
        import email, email.policy, sys
        m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.SMTPUTF8)
        print(m.get_content_type(), m.get_param('report-type'), m['To'].addresses[0].addr_spec)
        defects = list(m.defects)
        for part in m.iter_parts():
            defects += part.defects
            print(part.get_content_type())
            if part.get_content_type() in ('message/delivery-status', 'message/global-delivery-status'):
                blocks = part.get_payload()
                if len(blocks) == 1 and not blocks[0].keys():
                    blocks = [email.message_from_string(b) for b in blocks[0].get_payload().strip().split('\\n\\n')]
                for block in blocks:
                    for name, value in block.items(): print(' ', name + ':', ' '.join(value.split()))
        print('defects', defects)
        """

    @Test("structure and fields come out as they went in", .enabled(if: python != nil, "python3 is not installed"))
    func parse() throws {
        let second = FailedRecipient(
            finalRecipient: DeliveryReportTests.address("carol@far.example"),
            reply: Reply(554, "5.4.6", String(repeating: "routing loop ", count: 30)), remoteHost: "[192.0.2.7]")
        let message = DeliveryReportTests.report([DeliveryReportTests.unknownUser, second]).message()
        let lines = try Self.run(Array(message.content.readableBytesView)).split(separator: "\n").map(String.init)
        #expect(lines.first == "multipart/report delivery-status alice@home.example")
        #expect(lines.last == "defects []")
        for expected in [
            "text/plain", "message/delivery-status", "text/rfc822-headers", "  Reporting-MTA: dns; mail.example",
            "  Original-Envelope-Id: QQ+314159", "  Final-Recipient: rfc822; bob@far.example",
            "  Final-Recipient: rfc822; carol@far.example",
            "  Remote-MTA: dns; [192.0.2.7]", "  Status: 5.4.6",
            "  Diagnostic-Code: smtp; 554 5.4.6 " + String(repeating: "routing loop ", count: 30).dropLast(),
        ] {
            #expect(lines.contains(expected), "\(expected) in \(lines)")
        }
    }

    private static func run(_ input: [UInt8]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = ["-c", program]
        let (standardInput, standardOutput) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (standardInput, standardOutput)
        try process.run()
        // The report is smaller than a pipe's buffer, so writing all before reading cannot block.
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input))
        try standardInput.fileHandleForWriting.close()
        let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self)
    }
}
