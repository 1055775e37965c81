import CSASL
import Glibc

// Our auxiliary property plug-in: how a mechanism gets the stored keys of one account. It finds the exchange that asks by the context of
// a callback that every server exchange of ours has, and leaves the answer to that.

/// Made once, and kept by the library for as long as the process.
private nonisolated(unsafe) let plugin: UnsafeMutablePointer<sasl_auxprop_plug_t> = {
    let plugin = UnsafeMutablePointer<sasl_auxprop_plug_t>.allocate(capacity: 1)
    plugin.initialize(to: sasl_auxprop_plug_t())
    plugin.pointee.auxprop_lookup = lookUpProperties
    plugin.pointee.name = strdup(LibraryOption.pluginName)
    return plugin
}()

let initialiseAuxiliaryProperties:
    @convention(c) (
        UnsafePointer<sasl_utils_t>?, Int32, UnsafeMutablePointer<Int32>?,
        UnsafeMutablePointer<UnsafeMutablePointer<sasl_auxprop_plug_t>?>?,
        UnsafePointer<CChar>?
    ) -> Int32 = { _, maximumVersion, version, result, _ in
        guard maximumVersion >= SASL_AUXPROP_PLUG_VERSION else { return SASL_BADVERS }
        version?.pointee = SASL_AUXPROP_PLUG_VERSION
        result?.pointee = plugin
        return SASL_OK
    }

private let lookUpProperties:
    @convention(c) (
        UnsafeMutableRawPointer?, UnsafeMutablePointer<sasl_server_params_t>?, UInt32, UnsafePointer<CChar>?, UInt32
    ) -> Int32 = { _, parameters, flags, _, _ in
        // Properties of the identity to act as: there are none. Ours belong to who logs in.
        guard flags & UInt32(SASL_AUXPROP_AUTHZID) == 0 else { return SASL_OK }
        guard let parameters, let utilities = parameters.pointee.utils, let properties = parameters.pointee.propctx,
            let context = exchange(of: utilities)
        else { return SASL_FAIL }
        var result = SASL_OK
        var next = prop_get(properties)
        while let property = next, let name = property.pointee.name {
            if let name = RequestedProperty(name: name), property.pointee.values == nil {
                switch context.value(of: name) {
                case .value(var octets):
                    defer { explicit_bzero(&octets, octets.count) }
                    let stored = octets.withUnsafeBufferPointer { octets in
                        octets.withMemoryRebound(to: CChar.self) {
                            prop_set(properties, property.pointee.name, $0.baseAddress, Int32($0.count))
                        }
                    }
                    if stored != SASL_OK { result = stored }
                case .none: break
                case .unavailable: result = SASL_UNAVAIL
                }
            }
            next = property.advanced(by: 1)
        }
        return result
    }

/// The exchange on whose connection a plug-in works.
private func exchange(of utilities: UnsafePointer<sasl_utils_t>) -> ServerContext? {
    var function: (@convention(c) () -> Int32)?
    var context: UnsafeMutableRawPointer?
    guard
        utilities.pointee.getcallback(utilities.pointee.conn, UInt(SASL_CB_SERVER_USERDB_CHECKPASS), &function, &context) == SASL_OK,
        let context
    else { return nil }
    return Unmanaged<ServerContext>.fromOpaque(context).takeUnretainedValue()
}

/// What mechanisms ask for.
enum RequestedProperty {
    /// SCRAM keys, as text.
    case storedKeys
    /// The password itself.
    case password

    init?(name: UnsafePointer<CChar>) {
        switch String(cString: name) {
        case "*userPassword": self = .password
        case "*authPassword": self = .storedKeys
        default: return nil
        }
    }
}

/// What becomes of a request for a property.
enum PropertyAnswer {
    case value([UInt8])
    case none
    /// It cannot be known at present.
    case unavailable
}
