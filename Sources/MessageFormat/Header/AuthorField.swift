import MailVocabulary

/// Who wrote a message, as its `From` says (RFC 5322 §3.6.2), read strictly: what readers could take for somebody else is no answer.
///
/// Bounded by ``MessageNature/maximumOctets``: a header that does not end within them says nothing.
public enum AuthorField {
    /// Addresses in one field; each costs a look at the directory.
    public static let maximumAuthors = 100

    /// Why the field says nobody.
    public enum Problem: Error, Hashable, Sendable {
        case headerTooLong
        case missing
        /// More than one field.
        case repeated
        /// Its text is no list of addresses, or one of more than `maximumAuthors`.
        case unreadable
    }

    /// - Parameter beginning: of the message; octets behind ``MessageNature/maximumOctets`` are not looked at.
    /// - Returns: the addresses, one or more, in order.
    public static func authors(beginning: some Sequence<UInt8>) throws(Problem) -> [EmailAddress] {
        guard let field = try field(beginning) else { throw .missing }
        guard String(validating: field, as: UTF8.self) != nil, var list = AddressList(field) else { throw .unreadable }
        guard let authors = list.addresses(), (1...maximumAuthors).contains(authors.count) else { throw .unreadable }
        return authors
    }

    /// What stands behind the colon, unfolded; nil where there is no such field.
    private static func field(_ beginning: some Sequence<UInt8>) throws(Problem) -> [UInt8]? {
        var found: [UInt8]?
        var isInside = false
        var line: [UInt8] = []
        for byte in beginning.prefix(MessageNature.maximumOctets) {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            guard let first = line.first else { return found }
            if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
                if isInside { found?.append(contentsOf: line) }
            } else if let value = value(of: line) {
                guard found == nil else { throw .repeated }
                (found, isInside) = (value, true)
            } else {
                isInside = false
            }
            line.removeAll(keepingCapacity: true)
        }
        throw .headerTooLong
    }

    /// Of a line that begins the field: what is behind its colon.
    private static func value(of line: [UInt8]) -> [UInt8]? {
        var name = FieldNameReader()
        for (index, octet) in line.enumerated() {
            switch name.read(octet) {
            case .more: continue
            case .field: return name.isNamed("from") ? Array(line[(index + 1)...]) : nil
            case .noField: return nil
            }
        }
        return nil
    }
}
