import COpenSSL

/// Octets for the functions of OpenSSL that read and write PEM, DER and names.
struct MemoryBIO: ~Copyable {
    let pointer: OpaquePointer

    /// An empty one, to be written.
    init() {
        guard let bio = BIO_new(BIO_s_mem()) else { preconditionFailure("no memory for a BIO") }
        pointer = bio
    }

    /// - Parameter octets: what is read from it; copied.
    init(_ octets: [UInt8]) {
        self.init()
        // A memory BIO takes everything, or there is no memory.
        precondition(octets.isEmpty || BIO_write(pointer, octets, Int32(octets.count)) == Int32(octets.count), "no memory for a BIO")
    }

    /// What was written and not read yet.
    var octets: [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        let count = postern_BIO_get_mem_data(pointer, &start)
        guard let start, count > 0 else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    deinit { BIO_free(pointer) }
}
