import MailVocabulary
import MessageFormat
import NIOCore

/// Any octets as the content of a message below our own fields: what passes continues none of them, has nothing in its header but fields and
/// their continuation lines, no `Authentication-Results` that begin with our name, and is the same however it is cut. What has passed once
/// passes unchanged.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeaderFilter(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    // Line ends are strict when the filter gets them: SMTP refuses the others.
    var content: [UInt8] = []
    for octet in UnsafeBufferPointer(start: start, count: count) where octet != 0x0D { content += octet == 0x0A ? [0x0D, 0x0A] : [octet] }
    guard let host = DomainName(parsing: "mail.example") else { fatalError("a domain name") }
    let passed = filtered(content, host, cut: content.count + 1)
    for cut in [1, 2, 7] where filtered(content, host, cut: cut) != passed { fatalError("another result in pieces of \(cut) octets") }
    guard filtered(passed, host, cut: 5) == passed else { fatalError("filtered twice, it is something else") }

    var rest = passed[...]
    var isFirst = true
    while let end = rest.firstIndex(of: 0x0A) {
        let line = rest[rest.startIndex..<end].dropLast()
        rest = rest[(end + 1)...]
        guard let first = line.first else { break }
        if first == 0x20 || first == 0x09 {
            guard !isFirst else { fatalError("it continues the field above") }
        } else {
            check(line)
        }
        isFirst = false
    }
    return 0
}

private func check(_ line: ArraySlice<UInt8>) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { fatalError("a line of the header is no field") }
    var name = line[..<colon]
    while let last = name.last, last == 0x20 || last == 0x09 { name.removeLast() }
    guard !name.isEmpty, name.allSatisfy({ (0x21...0x7E).contains($0) }) else { fatalError("the name of a field is none") }
    let text = String(decoding: name, as: UTF8.self).lowercased()
    guard text == "authentication-results" else { return }
    let value = String(decoding: line[(colon + 1)...], as: UTF8.self).lowercased()
    if value.drop(while: { $0 == " " || $0 == "\t" || $0 == "\"" }).hasPrefix("mail.example;") { fatalError("a field in our name") }
}

private func filtered(_ content: [UInt8], _ host: DomainName, cut: Int) -> [UInt8] {
    var filter = IncomingHeaderFilter(host: host)
    var output: [ByteBuffer] = []
    var rest = content[...]
    while !rest.isEmpty {
        filter.process(ByteBuffer(bytes: rest.prefix(cut)), into: &output)
        rest = rest.dropFirst(cut)
    }
    filter.finish(into: &output)
    return output.flatMap { Array($0.readableBytesView) }
}
