import MailVocabulary

/// The parameters of `RCPT`: NOTIFY and ORCPT (RFC 3461 §4.1, §4.2), read and kept though DSN is not advertised yet.
struct RecipientParameters {
    private(set) var notify: Notify?
    private(set) var originalRecipient: String?

    /// - Parameter smtpUTF8: `MAIL` said SMTPUTF8, so that a `utf-8` address may be written as it is (RFC 6533 §3).
    init(_ reader: inout ParameterReader, smtpUTF8: Bool) throws(CommandError) {
        while let parameter = try reader.next() {
            if parameter.isNamed("NOTIFY") {
                guard notify == nil else { throw .duplicate("NOTIFY") }
                guard let value = parameter.value, let notify = Self.notify(value) else { throw .badParameter("NOTIFY") }
                self.notify = notify
            } else if parameter.isNamed("ORCPT") {
                guard originalRecipient == nil else { throw .duplicate("ORCPT") }
                guard let value = parameter.value, let text = Self.originalRecipient(value, smtpUTF8: smtpUTF8) else {
                    throw .badParameter("ORCPT")
                }
                originalRecipient = text
            } else {
                throw .unknownParameter
            }
        }
    }

    /// `"NEVER" / notify-list`; a word may not come twice.
    private static func notify(_ value: ArraySlice<UInt8>) -> Notify? {
        if value.equalsIgnoringCase("NEVER") { return .never }
        var notify: Notify = []
        for word in value.split(separator: UInt8(ascii: ","), maxSplits: 3, omittingEmptySubsequences: false) {
            let element: Notify
            if word.equalsIgnoringCase("SUCCESS") {
                element = .success
            } else if word.equalsIgnoringCase("FAILURE") {
                element = .failure
            } else if word.equalsIgnoringCase("DELAY") {
                element = .delay
            } else {
                return nil
            }
            guard notify.insert(element).inserted else { return nil }
        }
        return notify
    }

    /// `addr-type ";" xtext`, at most 500 octets.
    private static func originalRecipient(_ value: ArraySlice<UInt8>, smtpUTF8: Bool) -> String? {
        guard value.count <= 500, let semicolon = value.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let type = value[..<semicolon]
        let address = value[(semicolon + 1)...]
        guard !type.isEmpty, !address.isEmpty, type.allSatisfy({ isAtomText($0) }) else { return nil }
        if smtpUTF8, type.equalsIgnoringCase("UTF-8") {
            // utf-8-addr-unitext: the octets above 127 stand for themselves, the others follow the rules of xtext.
            guard address.split(whereSeparator: { $0 >= 0x80 }).allSatisfy({ Xtext.isWellFormed($0) }) else { return nil }
        } else {
            guard Xtext.isWellFormed(address) else { return nil }
        }
        return String(validating: value, as: UTF8.self)
    }

    /// `atom` of RFC 822 as far as an address type needs it: letters, digits, hyphens.
    private static func isAtomText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
