/// What an address is found by: `EmailAddress.lookupKey`, compared octet by octet.
///
/// `String` would also equate texts that differ in their Unicode normal form, which SQLite does not. A key of an address is composed, so
/// that its spellings are one; of a key that was kept before that was so, another spelling must not answer from a cache.
public struct AddressKey: Hashable, Sendable {
    public let text: String

    public init(_ address: EmailAddress) { text = address.lookupKey }
    /// - Parameter text: a `lookupKey` that was kept.
    public init(text: String) { self.text = text }

    public static func == (left: AddressKey, right: AddressKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    public func hash(into hasher: inout Hasher) {
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if isDone == nil { Array(text.utf8).withUnsafeBytes { hasher.combine(bytes: $0) } }
    }
}

extension EmailAddress {
    /// `user@domain` of `user+tag@domain`: what is in front of the first `+`; nil where there is no `+`, or nothing before it.
    public var withoutSubaddress: EmailAddress? {
        guard let plus = localPart.utf8.firstIndex(of: UInt8(ascii: "+")), plus > localPart.startIndex else { return nil }
        return EmailAddress(localPart: String(localPart[..<plus]), domain: domain)
    }
}
