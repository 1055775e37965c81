import CSASL
import Glibc

/// The full name of the client of a Kerberos exchange that has succeeded, as GSS-API displays it: `anna@REALM`.
///
/// The library's own name of a client lacks the realm where that is this machine's default, which need not be a domain of ours. GS2
/// gives the name itself; what GSSAPI's plug-in has cut off is put back by the way it decides whether to: by reading the short name.
func kerberosPrincipal(_ connection: OpaquePointer) -> String? {
    var value: UnsafeRawPointer?
    if sasl_getprop(connection, SASL_GSS_PEER_NAME, &value) == SASL_OK, let value { return display(OpaquePointer(value)) }
    guard sasl_getprop(connection, SASL_AUTHUSER, &value) == SASL_OK, let value else { return nil }
    let short = value.assumingMemoryBound(to: CChar.self)
    var minor: OM_uint32 = 0
    var text = gss_buffer_desc(length: strlen(short), value: UnsafeMutableRawPointer(mutating: value))
    var name: gss_name_t?
    guard gss_import_name(&minor, &text, csasl_user_name(), &name) == UInt32(GSS_S_COMPLETE) else { return nil }
    defer { gss_release_name(&minor, &name) }
    var full: gss_name_t?
    guard gss_canonicalize_name(&minor, name, csasl_kerberos(), &full) == UInt32(GSS_S_COMPLETE) else { return nil }
    defer { gss_release_name(&minor, &full) }
    return full.flatMap { display($0) }
}

private func display(_ name: gss_name_t) -> String? {
    var minor: OM_uint32 = 0
    var text = gss_buffer_desc()
    guard gss_display_name(&minor, name, &text, nil) == UInt32(GSS_S_COMPLETE) else { return nil }
    defer { gss_release_buffer(&minor, &text) }
    return String(validating: UnsafeRawBufferPointer(start: text.value, count: text.length), as: UTF8.self)
}
