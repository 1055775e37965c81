import MailVocabulary
import NIOCore

/// `Return-Path: <…>`, which final delivery puts on top (RFC 5321 §4.4).
public struct ReturnPathField: TraceField, Hashable {
    public var reversePath: ReversePath

    public init(_ reversePath: ReversePath) { self.reversePath = reversePath }

    public func write(into buffer: inout ByteBuffer) {
        buffer.writeString("Return-Path: \(reversePath)\r\n")
    }
}
