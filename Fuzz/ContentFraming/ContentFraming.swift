import DialogueModel
import Foundation
import NIOCore

/// Any octets behind `DATA`: the message ends at the first `CRLF.CRLF` and nowhere else, and is taken only where it is a proper message.
/// The end is looked for here in the plainest way there is.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContentFraming(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let content = [UInt8](UnsafeBufferPointer(start: start, count: count))
    var run = ServerRun()
    run.receive("EHLO c\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n")
    for piece in stride(from: 0, to: content.count, by: 11) { run.receive(content[piece..<min(piece + 11, content.count)]) }
    if let violation = run.violation { fatalError(violation) }

    // The line behind DATA begins the content: what stands there counts as after a CRLF.
    let lines = Array("\r\n".utf8) + content
    let end = Array("\r\n.\r\n".utf8)
    let first = lines.indices.first { lines[$0...].starts(with: end) }
    let isAnswered = run.codes.count > 5
    guard isAnswered == (first != nil) || run.isClosed else {
        fatalError("ended: \(isAnswered), CRLF.CRLF at \(String(describing: first))")
    }
    // What was refused is not handed on; the message of a later transaction may be.
    guard let first, isAnswered, run.codes[5] == "250 2.0.0", let message = run.contents.first else { return 0 }

    var expected: [UInt8] = []
    var rest = lines[2..<(first + 2)]
    while let lineEnd = rest.indices.first(where: { rest[$0...].starts(with: [0x0D, 0x0A]) }) {
        let line = rest[rest.startIndex..<(lineEnd + 2)]
        expected += line.first == UInt8(ascii: ".") ? line.dropFirst() : line
        rest = rest[(lineEnd + 2)...]
    }
    guard message == expected else { fatalError("another message than was sent: \(message) \(expected)") }
    return 0
}
