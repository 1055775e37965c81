import CSASL
import Glibc

/// What the callbacks of one client exchange give the library, in its own memory; it lives as long as the connection.
final class ClientContext {
    let user: UnsafeMutablePointer<CChar>
    let empty: UnsafeMutablePointer<CChar>
    let secret: UnsafeMutablePointer<sasl_secret_t>
    private let secretSize: Int

    init(credential: ClientCredential) {
        let password: [UInt8]
        switch credential {
        case .password(let name, let octets): (user, password) = (strdup(name), octets)
        case .kerberos: (user, password) = (strdup(""), [])
        }
        empty = strdup("")
        // The structure ends with its first octet; the others and a NUL come behind.
        secretSize = MemoryLayout<sasl_secret_t>.size + password.count + 1
        let memory = UnsafeMutableRawPointer.allocate(byteCount: secretSize, alignment: MemoryLayout<sasl_secret_t>.alignment)
        memset(memory, 0, secretSize)
        secret = memory.bindMemory(to: sasl_secret_t.self, capacity: 1)
        secret.pointee.len = UInt(password.count)
        if let offset = MemoryLayout<sasl_secret_t>.offset(of: \.data) {
            password.withUnsafeBytes { octets in
                UnsafeMutableRawBufferPointer(start: memory.advanced(by: offset), count: octets.count).copyMemory(from: octets)
            }
        }
    }

    deinit {
        explicit_bzero(secret, secretSize)
        UnsafeMutableRawPointer(secret).deallocate()
        free(user)
        free(empty)
    }
}

/// The callbacks of one client exchange, to live as long as its connection.
func clientCallbacks(_ context: ClientContext) -> UnsafeMutablePointer<sasl_callback_t> {
    // Not retained: the exchange holds the context until after the connection is gone.
    let pointer = Unmanaged.passUnretained(context).toOpaque()
    let callbacks = [
        sasl_callback_t(id: UInt(SASL_CB_USER), proc: callback(giveName), context: pointer),
        sasl_callback_t(id: UInt(SASL_CB_AUTHNAME), proc: callback(giveName), context: pointer),
        sasl_callback_t(id: UInt(SASL_CB_PASS), proc: callback(giveSecret), context: pointer),
        sasl_callback_t(id: UInt(SASL_CB_LIST_END), proc: nil, context: nil),
    ]
    let list = UnsafeMutablePointer<sasl_callback_t>.allocate(capacity: callbacks.count)
    list.initialize(from: callbacks, count: callbacks.count)
    return list
}

private let giveName:
    @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>?, UnsafeMutablePointer<UInt32>?) -> Int32 =
        {
            context, id, result, length in
            guard let context else { return SASL_FAIL }
            let names = Unmanaged<ClientContext>.fromOpaque(context).takeUnretainedValue()
            // SASL_CB_USER is who to act as: nobody else, which is said by saying nothing (RFC 4616 §2).
            return answer(UnsafePointer(id == SASL_CB_AUTHNAME ? names.user : names.empty), result, length)
        }

private let giveSecret:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, UnsafeMutablePointer<UnsafeMutablePointer<sasl_secret_t>?>?) -> Int32 =
        {
            _, context, _, result in
            guard let context, let result else { return SASL_FAIL }
            result.pointee = Unmanaged<ClientContext>.fromOpaque(context).takeUnretainedValue().secret
            return SASL_OK
        }
