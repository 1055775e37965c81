import MailVocabulary

/// The parameters of `MAIL`.
///
/// SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET and ENVID (RFC 3461, read and kept though DSN is not advertised yet).
struct MailParameters {
    private(set) var size: Int?
    private(set) var body: BodyType?
    private(set) var smtpUTF8 = false
    private(set) var returnContent: ReturnContent?
    private(set) var envelopeID: String?

    init(_ reader: inout ParameterReader) throws(CommandError) {
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
                guard let value = parameter.value, value.count <= 100, Xtext.isValid(value) else { throw .badParameter("ENVID") }
                envelopeID = String(decoding: value, as: UTF8.self)
            } else {
                throw .unknownParameter
            }
        }
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
