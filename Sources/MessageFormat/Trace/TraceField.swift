import NIOCore

/// A field that Postern itself puts on top of a message: `Received`, `Return-Path`, `Authentication-Results`.
///
/// Whatever a stranger said in it (HELO, addresses, names from DNS) is quoted or replaced so that it cannot end the field.
public protocol TraceField: Sendable {
    /// Appends the whole field, folded to 78 octets where its words allow, with its CRLF.
    func write(into buffer: inout ByteBuffer)
}

extension TraceField {
    /// The field as text, for logs and tests.
    public var text: String {
        var buffer = ByteBuffer()
        write(into: &buffer)
        return String(buffer: buffer)
    }
}
