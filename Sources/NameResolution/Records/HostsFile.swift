import MailVocabulary

/// The names and addresses of a file in the format of hosts(5).
///
/// Kept outside libunbound: its own reading of the file would also answer "no MX" for every name in it.
public struct HostsFile: Hashable, Sendable {
    private var addressesByName: [DomainName: [IPAddress]] = [:]
    private var namesByAddress: [IPAddress: [DomainName]] = [:]

    public init() {}

    /// Reads `address name [alias…]` lines; `#` begins a comment. Lines that are none of this are passed over, as libc does.
    public init(parsing content: some Sequence<UInt8>) {
        for line in String(decoding: Array(content), as: UTF8.self).split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, let address = IPAddress(parsing: first) else { continue }
            for word in words.dropFirst() {
                guard let name = DomainName(parsing: word) else { continue }
                if addressesByName[name]?.contains(address) != true { addressesByName[name, default: []].append(address) }
                if namesByAddress[address]?.contains(name) != true { namesByAddress[address, default: []].append(name) }
            }
        }
    }

    /// - Throws: ``ResolverError/unreadable(file:reason:)``, also for a file over a megabyte.
    public init(file path: String) throws(ResolverError) {
        self.init(parsing: try SmallFile.content(of: path))
    }

    /// The addresses of a name; nil if the file does not have the name.
    public func addresses(of name: DomainName) -> [IPAddress]? { addressesByName[name] }

    /// The names of an address in the order of the file; nil if the file does not have the address.
    public func names(of address: IPAddress) -> [DomainName]? { namesByAddress[address] }
}
