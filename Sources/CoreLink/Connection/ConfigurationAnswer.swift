import NIOCore

/// The text of a configuration as it goes over the sockets: encoded once, and shared by all who ask for it.
public struct ConfigurationAnswer: Sendable {
    let encoded: ByteBuffer

    public init(text: String) {
        var rest = ByteBuffer(string: text)
        var encoded = ByteBuffer()
        ConfigurationHead(octets: rest.readableBytes).write(into: &encoded)
        while let piece = rest.readSlice(length: min(Frame.maximumContent, rest.readableBytes)), piece.readableBytes > 0 {
            ConfigurationPiece(octets: piece).write(into: &encoded)
        }
        self.encoded = encoded
    }
}
