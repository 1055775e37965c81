/// One element of DER (ITU-T X.690 §8.1, §10.1) with a tag of one octet: tag, length, content.
struct DERElement {
    let tag: UInt8
    let content: ArraySlice<UInt8>
    /// What follows it.
    let rest: ArraySlice<UInt8>

    /// Reads the element that these octets begin with; nil where its length is not definite, not the shortest, or more than there is.
    init?(_ octets: ArraySlice<UInt8>) {
        guard octets.count >= 2, let tag = octets.first, tag & 0x1F != 0x1F else { return nil }
        let first = octets[octets.startIndex + 1]
        var (length, begin) = (Int(first), octets.startIndex + 2)
        if first >= 0x80 {
            let count = Int(first & 0x7F)
            guard (1...3).contains(count), octets.endIndex - begin >= count else { return nil }
            length = octets[begin..<begin + count].reduce(0) { $0 << 8 | Int($1) }
            guard length >= 0x80, length >= 1 << (8 * (count - 1)) else { return nil }
            begin += count
        }
        guard octets.endIndex - begin >= length else { return nil }
        (self.tag, content, rest) = (tag, octets[begin..<begin + length], octets[(begin + length)...])
    }

    /// Whether nothing follows it.
    var isAlone: Bool { rest.isEmpty }

    /// The content, where it is of this tag and nothing follows it.
    func onlyContent(tag: UInt8) -> ArraySlice<UInt8>? { self.tag == tag && isAlone ? content : nil }

    /// Elements one after another; nil where the octets are anything else.
    static func all(in octets: ArraySlice<UInt8>) -> [DERElement]? {
        var (elements, rest): ([DERElement], ArraySlice<UInt8>) = ([], octets)
        while !rest.isEmpty {
            guard let element = DERElement(rest) else { return nil }
            elements.append(element)
            rest = element.rest
        }
        return elements
    }
}
