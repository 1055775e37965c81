/// What `TLSHandler` tells the handlers behind it, as a user inbound event. Errors come through `errorCaught` as `TLSError`.
public enum TLSEvent: Hashable, Sendable {
    /// From now on everything is protected. Comes before the first octet of application data.
    case handshakeCompleted(TLSHandshake)
    /// The other side's octets ended without its `close_notify`: what came last may have been cut off (RFC 8446 §6.1).
    case inputTruncated
}
