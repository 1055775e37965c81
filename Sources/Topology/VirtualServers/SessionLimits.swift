import MailVocabulary

/// What one incoming session may bring (`limits`); nil: no limit.
public struct SessionLimits: Hashable, Sendable {
    /// Octets of one message, advertised in SIZE; more is `552 5.3.4` (E01).
    public let messageSize: ByteCount?
    /// Of `message_size`, where it is written.
    public let messageSizeLocation: SourceLocation
    /// Octets of all messages of one connection (E02).
    public let sessionSize: ByteCount?
    /// Recipients of one message; the rest gets `452 4.5.3` (E03).
    public let recipients: Int?
    /// Messages of one connection; then the client reconnects (S07).
    public let messagesPerConnection: Int?
    /// Octets of a line of content, without its CRLF. Without a limit a line may be as long as the message: receivers should take lines that
    /// are longer than writers may make them (RFC 5322 §2.1.1).
    public let lineLength: Int?
    /// Of `line_length`, where it is written.
    public let lineLengthLocation: SourceLocation

    /// What every server takes: octets of a line without its CRLF (RFC 5321 §4.5.3.1.6).
    public static let leastLineLength = 998

    public init(
        messageSize: ByteCount? = .mebibytes(10), sessionSize: ByteCount? = .mebibytes(100), recipients: Int? = 64_000,
        messagesPerConnection: Int? = nil, lineLength: Int? = nil, messageSizeLocation: SourceLocation = .builtIn,
        lineLengthLocation: SourceLocation = .builtIn
    ) {
        (self.messageSize, self.sessionSize) = (messageSize, sessionSize)
        (self.messageSizeLocation, self.lineLengthLocation) = (messageSizeLocation, lineLengthLocation)
        (self.recipients, self.messagesPerConnection, self.lineLength) = (recipients, messagesPerConnection, lineLength)
    }
}
