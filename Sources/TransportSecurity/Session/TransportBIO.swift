import COpenSSL
import NIOCore

/// The transport as OpenSSL sees it: octets that have come in, and octets that are to go out, without buffers of its own.
///
/// A session that is idle holds nothing here: what was read is gone, and what was written is taken by ``takeOutput(_:)``.
final class TransportBIO {
    private var input = ByteBuffer()
    private var output = ByteBuffer()
    private var hasInputEnded = false

    /// Octets that OpenSSL has not read yet.
    var waitingInput: Int { input.readableBytes }

    /// A BIO that reads and writes here. The caller frees it, and keeps this object for as long as it lives.
    func makeBIO() -> OpaquePointer? {
        guard let method = Self.method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    func append(_ octets: ByteBuffer) {
        if input.readableBytes == 0 {
            input = octets
        } else {
            input.writeImmutableBuffer(octets)
        }
    }

    func endInput() { hasInputEnded = true }

    /// What is to be sent; nil if nothing is.
    func takeOutput() -> ByteBuffer? {
        guard output.readableBytes > 0 else { return nil }
        defer { output = ByteBuffer() }
        return output
    }

    // MARK: As the library calls it

    fileprivate func read(into target: UnsafeMutableRawBufferPointer, _ bio: OpaquePointer) -> Int32 {
        postern_BIO_clear_retry_flags(bio)
        let count = min(target.count, input.readableBytes)
        guard count > 0 else {
            if hasInputEnded { return 0 }
            postern_BIO_set_retry_read(bio)
            return -1
        }
        input.readWithUnsafeReadableBytes { source in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
            return count
        }
        if input.readableBytes == 0 { input = ByteBuffer() }
        return Int32(count)
    }

    fileprivate func write(_ octets: UnsafeRawBufferPointer) { output.writeBytes(octets) }

    fileprivate var isAtEnd: Bool { hasInputEnded && input.readableBytes == 0 }

    // Made once, never changed and never freed: any thread may read it.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport") else { return nil }
        BIO_meth_set_read(method, readCallback)
        BIO_meth_set_write(method, writeCallback)
        BIO_meth_set_ctrl(method, controlCallback)
        return method
    }()
}

private func transport(of bio: OpaquePointer?) -> (TransportBIO, OpaquePointer)? {
    guard let bio, let data = BIO_get_data(bio) else { return nil }
    return (Unmanaged<TransportBIO>.fromOpaque(data).takeUnretainedValue(), bio)
}

private let readCallback: @convention(c) (OpaquePointer?, UnsafeMutablePointer<CChar>?, Int32) -> Int32 = { bio, target, count in
    guard let (transport, bio) = transport(of: bio), let target, count > 0 else { return -1 }
    return transport.read(into: UnsafeMutableRawBufferPointer(start: target, count: Int(count)), bio)
}

private let writeCallback: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 = { bio, octets, count in
    guard let (transport, bio) = transport(of: bio), let octets, count >= 0 else { return -1 }
    postern_BIO_clear_retry_flags(bio)
    transport.write(UnsafeRawBufferPointer(start: octets, count: Int(count)))
    return count
}

private let controlCallback: @convention(c) (OpaquePointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int = { bio, command, _, _ in
    guard let (transport, _) = transport(of: bio) else { return 0 }
    return switch command {
    case BIO_CTRL_FLUSH: 1
    case BIO_CTRL_EOF: transport.isAtEnd ? 1 : 0
    default: 0
    }
}
