import MailVocabulary
import NIOCore

/// Writes the commands of a client (RFC 5321 §4.1.1), each with its CRLF.
///
/// Nothing that a stranger chose can end a line early: addresses hold no control characters by construction, and DSN parameters are
/// left out unless they are what their grammar allows.
enum CommandEncoder {
    static func hello(_ verb: StaticString, _ name: MailDomain) -> ByteBuffer { ByteBuffer(string: "\(verb) \(name)\r\n") }

    /// Octets of a command line with its CRLF (RFC 5321 §4.5.3.1.4).
    static let maximumLine = 512

    static let startTLS = ByteBuffer(string: "STARTTLS\r\n")
    static let cancelAuthentication = ByteBuffer(string: "*\r\n")

    /// - Parameter initialResponse: in base 64.
    static func authenticate(_ mechanism: String, _ initialResponse: [UInt8]?) -> ByteBuffer {
        var line = ByteBuffer(string: "AUTH \(mechanism)")
        if let initialResponse {
            line.writeStaticString(" ")
            line.writeBytes(initialResponse)
        }
        line.writeStaticString("\r\n")
        return line
    }

    /// The length of that line.
    static func authenticationOctets(_ mechanism: String, _ initialResponse: [UInt8]) -> Int {
        5 + mechanism.utf8.count + 1 + initialResponse.count + 2
    }

    static let quit = ByteBuffer(string: "QUIT\r\n")

    static func writeReset(into buffer: inout ByteBuffer) { buffer.writeStaticString("RSET\r\n") }
    static func writeData(into buffer: inout ByteBuffer) { buffer.writeStaticString("DATA\r\n") }

    /// The only chunk and the last one (RFC 3030 §2): sizes are always known.
    static func writeLastChunk(size: Int, into buffer: inout ByteBuffer) { buffer.writeString("BDAT \(size) LAST\r\n") }

    /// - Parameter usesSMTPUTF8: whether this transaction says `SMTPUTF8`.
    static func writeMail(
        _ message: OutgoingMessage, extensions: RemoteExtensions, usesSMTPUTF8: Bool, into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("MAIL FROM:<")
        if let address = message.sender.reversePath.address { buffer.writeString(address.description) }
        buffer.writeStaticString(">")
        if extensions.size { buffer.writeString(" SIZE=\(message.size)") }
        if message.sender.body == .binaryMIME {
            buffer.writeStaticString(" BODY=BINARYMIME")
        } else if message.has8BitContent, extensions.eightBitMIME {
            buffer.writeStaticString(" BODY=8BITMIME")
        }
        if usesSMTPUTF8 { buffer.writeStaticString(" SMTPUTF8") }
        if extensions.dsn {
            switch message.sender.returnContent {
            case .full: buffer.writeStaticString(" RET=FULL")
            case .headers: buffer.writeStaticString(" RET=HDRS")
            case nil: break
            }
            if let id = message.sender.envelopeID, isParameterValue(id, maximum: 100, allowsUTF8: false) {
                buffer.writeString(" ENVID=\(id)")
            }
        }
        buffer.writeStaticString("\r\n")
    }

    static func writeRecipient(
        _ recipient: EnvelopeRecipient, extensions: RemoteExtensions, usesSMTPUTF8: Bool, into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("RCPT TO:<")
        buffer.writeString(recipient.address.description)
        buffer.writeStaticString(">")
        if extensions.dsn {
            if let notify = recipient.notify, let text = text(of: notify) { buffer.writeString(" NOTIFY=\(text)") }
            if let original = recipient.originalRecipient, isParameterValue(original, maximum: 500, allowsUTF8: usesSMTPUTF8) {
                buffer.writeString(" ORCPT=\(original)")
            }
        }
        buffer.writeStaticString("\r\n")
    }

    /// nil for an empty set, which the grammar cannot say.
    private static func text(of notify: Notify) -> String? {
        if notify.contains(.never) { return "NEVER" }
        var words: [String] = []
        if notify.contains(.success) { words.append("SUCCESS") }
        if notify.contains(.failure) { words.append("FAILURE") }
        if notify.contains(.delay) { words.append("DELAY") }
        return words.isEmpty ? nil : words.joined(separator: ",")
    }

    /// `esmtp-value` without spaces and controls (RFC 5321 §4.1.2), UTF-8 where RFC 6533 §3 allows it.
    private static func isParameterValue(_ text: String, maximum: Int, allowsUTF8: Bool) -> Bool {
        (1...maximum).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) || (allowsUTF8 && $0 >= 0x80) }
    }
}
