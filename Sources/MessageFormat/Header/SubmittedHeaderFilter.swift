import MailVocabulary
import NIOCore

/// What a message passes on its way into the queue when a user's mail program submits it (RFC 6409 §8).
///
/// Beside what `IncomingHeaderFilter` does to every message, `Bcc` and `Resent-Bcc` go, and where `Date` or `Message-ID` is missing it is
/// added at the end of the header (§8.1, §8.2). Everything else passes byte-identical, as slices of the chunks where they are not cut.
///
/// The content has strict CRLF line ends; chunks may be cut anywhere. Held back at a time are at most
/// `IncomingHeaderFilter.maximumUndecidedOctets` and the name of a field.
public struct SubmittedHeaderFilter: Sendable {
    private var incoming: IncomingHeaderFilter
    private var completion: HeaderCompletion
    private var between: [ByteBuffer] = []

    /// - Parameters:
    ///   - host: our own name, also behind the `@` of message ids.
    ///   - queueID: what makes a message id unique.
    ///   - date: when the message was submitted.
    ///   - zoneOffset: minutes east of UTC.
    public init(host: DomainName, queueID: QueueID, date: Timestamp, zoneOffset: Int = 0) {
        incoming = IncomingHeaderFilter(host: host)
        completion = HeaderCompletion(
            date: ByteBuffer(string: "Date: \(date.mailDate(zoneOffset: zoneOffset))\r\n"),
            messageID: ByteBuffer(string: "Message-ID: <\(queueID)@\(host.text)>\r\n"))
    }

    /// The `Received` fields so far (E10).
    public var receivedCount: Int { incoming.receivedCount }

    /// Takes the next chunk of content and appends what passes, in order, to `output`.
    public mutating func process(_ chunk: ByteBuffer, into output: inout [ByteBuffer]) {
        incoming.process(chunk, into: &between)
        complete(into: &output)
    }

    /// The content has ended: what was held back passes, and a header that has no end gets what is missing.
    public mutating func finish(into output: inout [ByteBuffer]) {
        incoming.finish(into: &between)
        complete(into: &output)
        completion.finish(into: &output)
    }

    private mutating func complete(into output: inout [ByteBuffer]) {
        for piece in between { completion.process(piece, into: &output) }
        between.removeAll(keepingCapacity: true)
    }
}
