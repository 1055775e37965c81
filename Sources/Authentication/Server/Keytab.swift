import CSASL
import MailVocabulary

/// The keys of this machine's services, as Kerberos keeps them in a file.
enum Keytab {
    /// Why the server's side cannot work with it: it cannot be read, or has no key of `smtp/<host name>`, which is what clients get tickets for.
    /// Reads the file, and asks nobody.
    ///
    /// - Returns: for an administrator, in one line; nil where nothing speaks against it.
    static func objection(to path: String, hostname: DomainName) -> String? {
        var context: krb5_context?
        guard krb5_init_context(&context) == 0, let context else { return "libkrb5 cannot read its configuration (krb5.conf)" }
        defer { krb5_free_context(context) }
        func reason(_ code: krb5_error_code) -> String {
            guard let text = krb5_get_error_message(context, code) else { return "error \(code)" }
            defer { krb5_free_error_message(context, text) }
            return String(cString: text)
        }
        var keytab: krb5_keytab?
        var result = krb5_kt_resolve(context, "FILE:\(path)", &keytab)
        guard result == 0, let keytab else { return "keytab \(path): \(reason(result))" }
        defer { krb5_kt_close(context, keytab) }
        var cursor: krb5_kt_cursor?
        result = krb5_kt_start_seq_get(context, keytab, &cursor)
        guard result == 0 else { return "keytab \(path): \(reason(result))" }
        defer { krb5_kt_end_seq_get(context, keytab, &cursor) }
        var entry = krb5_keytab_entry()
        while krb5_kt_next_entry(context, keytab, &entry, &cursor) == 0 {
            defer { krb5_free_keytab_entry_contents(context, &entry) }
            if isService(entry.principal, of: hostname) { return nil }
        }
        return "keytab \(path) has no key of smtp/\(hostname)"
    }

    /// Whether it is `smtp/<host name>`, of whichever realm.
    private static func isService(_ principal: krb5_principal?, of hostname: DomainName) -> Bool {
        guard let principal, principal.pointee.length == 2, let parts = principal.pointee.data else { return false }
        func text(_ part: krb5_data) -> String {
            String(decoding: UnsafeRawBufferPointer(start: part.data, count: Int(part.length)), as: UTF8.self).lowercased()
        }
        return text(parts[0]) == "smtp" && text(parts[1]) == hostname.text.lowercased()
    }
}
