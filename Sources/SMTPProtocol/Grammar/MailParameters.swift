import MailVocabulary

/// The parameters of `MAIL`.
///
/// SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET and ENVID (RFC 3461, read and kept though DSN is not advertised yet), AUTH
/// (RFC 4954 §5, read and dropped: who submitted a message elsewhere is nothing that we take a client's word for, and a message that goes
/// on without it counts as submitted by nobody known).
struct MailParameters {
    private(set) var size: Int?
    private(set) var body: BodyType?
    private(set) var smtpUTF8 = false
    private(set) var returnContent: ReturnContent?
    private(set) var envelopeID: String?

    /// - Parameter knowsAuthentication: whether AUTH is offered, and so a parameter.
    init(_ reader: inout ParameterReader, knowsAuthentication: Bool) throws(CommandError) {
        var hasSubmitter = false
        while let parameter = try reader.next() {
            if parameter.isNamed("SIZE") {
                guard size == nil else { throw .duplicate("SIZE") }
                guard let value = parameter.value, let number = DecimalNumber.read(value) else { throw .badParameter("SIZE") }
                size = number
            } else if parameter.isNamed("BODY") {
                guard body == nil else { throw .duplicate("BODY") }
                body = try Self.body(parameter.value)
            } else if parameter.isNamed("SMTPUTF8") {
                guard !smtpUTF8 else { throw .duplicate("SMTPUTF8") }
                guard parameter.value == nil else { throw .badParameter("SMTPUTF8") }
                smtpUTF8 = true
            } else if parameter.isNamed("RET") {
                guard returnContent == nil else { throw .duplicate("RET") }
                returnContent = try Self.returnContent(parameter.value)
            } else if parameter.isNamed("ENVID") {
                guard envelopeID == nil else { throw .duplicate("ENVID") }
                // RFC 3461 §4.4: at most 100 characters.
                guard let value = parameter.value, value.count <= 100, Xtext.isWellFormed(value) else { throw .badParameter("ENVID") }
                envelopeID = String(decoding: value, as: UTF8.self)
            } else if knowsAuthentication, parameter.isNamed("AUTH") {
                guard !hasSubmitter else { throw .duplicate("AUTH") }
                guard let value = parameter.value, Self.isSubmitter(value) else { throw .badParameter("AUTH") }
                hasSubmitter = true
            } else {
                throw .unknownParameter
            }
        }
    }

    /// `<>`, or a mailbox as xtext of at most 500 octets (RFC 4954 §5).
    private static func isSubmitter(_ value: ArraySlice<UInt8>) -> Bool {
        if value.elementsEqual("<>".utf8) { return true }
        guard value.count <= 500, Xtext.isWellFormed(value), let text = Xtext.decode(String(decoding: value, as: UTF8.self)) else {
            return false
        }
        return EmailAddress(parsing: text) != nil
    }

    private static func body(_ value: ArraySlice<UInt8>?) throws(CommandError) -> BodyType {
        guard let value else { throw .badParameter("BODY") }
        if value.equalsIgnoringCase("8BITMIME") { return .eightBitMIME }
        if value.equalsIgnoringCase("7BIT") { return .sevenBit }
        // RFC 3030 §3: BINARYMIME is an extension of its own, which is not offered.
        if value.equalsIgnoringCase("BINARYMIME") { throw .unknownParameter }
        throw .badParameter("BODY")
    }

    private static func returnContent(_ value: ArraySlice<UInt8>?) throws(CommandError) -> ReturnContent {
        guard let value else { throw .badParameter("RET") }
        if value.equalsIgnoringCase("FULL") { return .full }
        if value.equalsIgnoringCase("HDRS") { return .headers }
        throw .badParameter("RET")
    }
}
