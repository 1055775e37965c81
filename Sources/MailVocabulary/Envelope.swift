/// Who a message comes from as far as reports are concerned: an address, or nobody (`<>`, RFC 5321 §4.5.5).
public enum ReversePath: Hashable, Sendable {
    case null
    case address(EmailAddress)

    public var address: EmailAddress? {
        if case .address(let address) = self { address } else { nil }
    }
}

extension ReversePath: CustomStringConvertible {
    /// With angle brackets, as `MAIL FROM:` says it.
    public var description: String {
        switch self {
        case .null: "<>"
        case .address(let address): "<\(address)>"
        }
    }
}

/// What the content may hold (`BODY=`, RFC 6152 §3, RFC 3030 §3).
public enum BodyType: UInt8, Hashable, Sendable {
    case sevenBit = 0
    case eightBitMIME = 1
    /// Only with BDAT; Postern does not offer it, but its queue could hold it.
    case binaryMIME = 2
}

/// Which reports the sender wants for one recipient (`NOTIFY=`, RFC 3461 §4.1).
public struct Notify: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let success = Notify(rawValue: 1)
    public static let failure = Notify(rawValue: 2)
    public static let delay = Notify(rawValue: 4)
    /// `NOTIFY=NEVER`: no report of any kind; stands alone.
    public static let never = Notify(rawValue: 8)
    /// Where the sender said nothing (RFC 3461 §4.1): failures and delays.
    public static let unspecified: Notify = [.failure, .delay]
}

/// How much of the message a report should carry (`RET=`, RFC 3461 §4.3).
public enum ReturnContent: UInt8, Hashable, Sendable {
    case full = 1
    case headers = 2
}

/// One recipient as the client named it: forward-path and the DSN parameters of its `RCPT`.
public struct EnvelopeRecipient: Hashable, Sendable {
    public let address: EmailAddress
    /// nil where `NOTIFY=` was absent.
    public let notify: Notify?
    /// `ORCPT=` as received (`rfc822;user@example`), xtext not decoded; at most 500 octets (RFC 3461 §4.2).
    public let originalRecipient: String?

    public init(address: EmailAddress, notify: Notify? = nil, originalRecipient: String? = nil) {
        (self.address, self.notify, self.originalRecipient) = (address, notify, originalRecipient)
    }
}

/// What `MAIL` said: everything of the envelope that is not a recipient (RFC 5321 §2.3.1).
public struct EnvelopeSender: Hashable, Sendable {
    public let reversePath: ReversePath
    /// `SIZE=` (RFC 1870 §6): what the client expects to send, in octets; nil where it did not say.
    public let declaredSize: Int?
    public let body: BodyType
    /// `SMTPUTF8` was given (RFC 6531 §3.4): header fields may be UTF-8.
    public let smtpUTF8: Bool
    /// `RET=`; nil where absent.
    public let returnContent: ReturnContent?
    /// `ENVID=` as received, xtext not decoded; at most 100 octets (RFC 3461 §4.4).
    public let envelopeID: String?

    public init(
        reversePath: ReversePath, declaredSize: Int? = nil, body: BodyType = .sevenBit, smtpUTF8: Bool = false,
        returnContent: ReturnContent? = nil, envelopeID: String? = nil
    ) {
        (self.reversePath, self.declaredSize, self.body) = (reversePath, declaredSize, body)
        (self.smtpUTF8, self.returnContent, self.envelopeID) = (smtpUTF8, returnContent, envelopeID)
    }
}
