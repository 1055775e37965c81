import CSASL
import Glibc

// What the library calls during an exchange. Each finds its exchange by the context it was registered with, and leaves the rest to that.

/// The callbacks of one exchange, to live as long as its connection.
func serverCallbacks(_ context: ServerContext) -> UnsafeMutablePointer<sasl_callback_t> {
    // Not retained: the exchange holds the context until after the connection is gone.
    let pointer = Unmanaged.passUnretained(context).toOpaque()
    let callbacks = [
        sasl_callback_t(id: UInt(SASL_CB_GETOPT), proc: callback(readOption), context: pointer),
        sasl_callback_t(id: UInt(SASL_CB_CANON_USER), proc: callback(makeCanonical), context: pointer),
        sasl_callback_t(id: UInt(SASL_CB_PROXY_POLICY), proc: callback(authorize), context: pointer),
        sasl_callback_t(id: UInt(SASL_CB_SERVER_USERDB_CHECKPASS), proc: callback(checkPassword), context: pointer),
        sasl_callback_t(id: UInt(SASL_CB_LIST_END), proc: nil, context: nil),
    ]
    let list = UnsafeMutablePointer<sasl_callback_t>.allocate(capacity: callbacks.count)
    list.initialize(from: callbacks, count: callbacks.count)
    return list
}

private func server(_ context: UnsafeMutableRawPointer) -> ServerContext {
    Unmanaged<ServerContext>.fromOpaque(context).takeUnretainedValue()
}

private func octets(_ text: UnsafePointer<CChar>, _ count: UInt32) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: text, count: Int(count)))
}

private let readOption: OptionReader = { context, _, name, result, length in
    guard let context, let name else { return SASL_FAIL }
    return answer(server(context).option(name), result, length)
}

private let makeCanonical:
    @convention(c) (
        OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<CChar>?, UInt32, UInt32, UnsafePointer<CChar>?,
        UnsafeMutablePointer<CChar>?,
        UInt32, UnsafeMutablePointer<UInt32>?
    ) -> Int32 = { _, context, text, length, flags, _, result, room, resultLength in
        guard let context, let text, let result, let resultLength, room > 1 else { return SASL_BADPARAM }
        let name = octets(text, length == 0 ? UInt32(strlen(text)) : length)
        let isWhoLogsIn = flags & UInt32(SASL_CU_AUTHID) != 0
        guard let form = server(context).canonical(name, isWhoLogsIn: isWhoLogsIn, room: Int(room) - 1) else { return SASL_BUFOVER }
        for (index, octet) in form.enumerated() { result[index] = CChar(bitPattern: octet) }
        result[form.count] = 0
        resultLength.pointee = UInt32(form.count)
        return SASL_OK
    }

private let authorize:
    @convention(c) (
        OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<CChar>?, UInt32, UnsafePointer<CChar>?, UInt32, UnsafePointer<CChar>?,
        UInt32,
        OpaquePointer?
    ) -> Int32 = { _, context, text, length, name, nameLength, _, _, _ in
        guard let context, let text, let name else { return SASL_NOAUTHZ }
        let requested = octets(text, length)
        if requested == octets(name, nameLength) { return SASL_OK }
        return server(context).mayAct(as: requested) ? SASL_OK : SASL_NOAUTHZ
    }

private let checkPassword:
    @convention(c) (
        OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UInt32, OpaquePointer?
    ) -> Int32 = { _, context, _, text, length, _ in
        guard let context, let text else { return SASL_BADPARAM }
        var password = octets(text, length)
        defer { explicit_bzero(&password, password.count) }
        return server(context).isRight(password)
    }
