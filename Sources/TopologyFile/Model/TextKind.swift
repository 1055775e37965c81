import MailVocabulary
import Topology

/// A kind of text: what it may say.
struct TextKind: Sendable {
    /// In words, for errors and reference.
    let accepted: String
    /// A regular expression (ECMA 262) that no valid text fails; nil where none helps an editor.
    let pattern: String?
    /// What is wrong with a text; nil if nothing is.
    let problem: @Sendable (String) -> String?

    init(_ accepted: String, pattern: String? = nil, problem: @escaping @Sendable (String) -> String?) {
        (self.accepted, self.pattern, self.problem) = (accepted, pattern, problem)
    }

    /// - Parameter isValid: its counterpart is the message "`text` is not `what`".
    private init(_ accepted: String, what: String, pattern: String? = nil, isValid: @escaping @Sendable (String) -> Bool) {
        self.init(accepted, pattern: pattern) { isValid($0) ? nil : "`\($0)` is not \(what)" }
    }

    /// Completes bare names while only their form is asked.
    private static let anyDomain = DomainName(parsing: "example")

    // MARK: Hosts

    static let domain = TextKind("a domain name such as mail.example.org") { text in
        if IPAddress(parsing: text) != nil { return "`\(text)` is an address, not a domain name" }
        return DomainName(parsing: text) == nil ? "`\(text)` is not a domain name" : nil
    }
    /// The domain of mail addresses, which may have underscores.
    static let mailDomain = TextKind("a domain name such as example.org") { text in
        if IPAddress(parsing: text) != nil { return "`\(text)` is an address, not a domain name" }
        return DomainName(inAddress: text) == nil ? "`\(text)` is not a domain name" : nil
    }
    static let domainOrNone = TextKind("a domain name, or none") { $0 == "none" ? nil : domain.problem($0) }
    static let addressSpace = TextKind("*, a domain such as example.org, or *.example.org for all below it") { text in
        Hosts.addressSpace(text) == nil ? "`\(text)` is not an address space" : nil
    }
    static let ipv4 = TextKind("an IPv4 address", what: "an IPv4 address") { IPAddress(parsing: $0)?.family == .ipv4 }
    static let ipv6 = TextKind("an IPv6 address", what: "an IPv6 address") { IPAddress(parsing: $0)?.family == .ipv6 }
    static let listener = TextKind("an address with a port, such as 0.0.0.0:25 or [::]:25", pattern: ":[0-9]{1,5}$") { text in
        if Hosts.listener(text) != nil { return nil }
        guard let pair = HostPort(parsing: text) else { return "`\(text)` is not an address with a port" }
        if case .name = pair.host { return "`\(text)` is a name: a server listens on an address" }
        if case .address(let address) = pair.host, pair.isBracketed, address.family == .ipv4 {
            let port = pair.port.map { ":\($0)" } ?? ":25"
            return "`\(text)` is an IPv4 address, which is listened on as such: \(address)\(port)"
        }
        if pair.port == nil { return "`\(text)` has no port" }
        return "`\(text)` is not an address with a port"
    }
    static let nameServer = TextKind(
        "an address, perhaps with a port, such as 192.0.2.53 or 127.0.0.1:5353", what: "an address of a name server"
    ) { Hosts.nameServer($0) != nil }
    static let smartHost = TextKind("a host name or an address in brackets, perhaps with a port: relay.example, [192.0.2.25]:2525") {
        text in
        if Hosts.smartHost(text) != nil { return nil }
        if let pair = HostPort(parsing: text), case .address = pair.host { return "`\(text)` is an address without brackets" }
        return "`\(text)` is not a host"
    }
    static let lmtp = TextKind("unix:/path/of/socket, [address]:port, or localhost:port") { text in
        if Hosts.lmtp(text, folder: "/") != nil { return nil }
        if text.hasPrefix("/") { return "`\(text)` is a path without unix: before it" }
        guard let pair = HostPort(parsing: text) else { return "`\(text)` is not an LMTP server" }
        if case .name(let name) = pair.host, name.text != "localhost" { return "`\(text)` is a name: postern-mailbox asks no DNS" }
        return "`\(text)` has no port"
    }
    static let subnet = TextKind("an address, or a subnet such as 192.0.2.0/24") { text in
        if Subnet(parsing: text) != nil { return nil }
        return IPAddress(parsing: text.split(separator: "/").first ?? "") == nil
            ? "`\(text)` is neither an address nor a subnet"
            : "`\(text)` is not a subnet: its prefix is too long, or the address has bits beyond it"
    }
    static let share = TextKind("a share from 1% to 100%, or none", pattern: "^([1-9][0-9]?%|100%|none)$") { text in
        text == "none" || Self.percent(text) != nil ? nil : "`\(text)` is not a share"
    }

    /// `10%`: the number.
    static func percent(_ text: String) -> Int? {
        guard text.hasSuffix("%"), text.utf8.count <= 4, text.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text.dropLast()), (1...100).contains(number)
        else { return nil }
        return number
    }
    static let computer = TextKind("an address, a subnet such as 192.0.2.0/24, a host name, or *.example.org") { text in
        if Hosts.entry(text) != nil { return nil }
        let parts = text.split(separator: "/")
        if parts.count == 2, IPAddress(parsing: parts[0]) != nil {
            return "`\(text)` is not a subnet: its prefix is too long, or the address has bits beyond it"
        }
        return "`\(text)` is neither an address, nor a subnet, nor a host name"
    }

    // MARK: People

    static let principal = TextKind(Principals.accepted, what: "a user or a group") { text in
        anyDomain.map { Principals.parse(text, defaultDomain: $0) != nil } ?? false
    }
    static let principals = TextKind(Principals.accepted + "; several separated by `;`", what: "a user or a group") { text in
        anyDomain.flatMap { Principals.parseList(text, defaultDomain: $0) }.map(Principals.areNames) ?? false
    }
    static let account = TextKind("an account such as m.alexander or m.alexander@example.org", what: "an account") { text in
        anyDomain.map { Principals.address(text, defaultDomain: $0) != nil } ?? false
    }
    /// The same where it must be somebody's: `*` is nobody.
    static let person = TextKind(account.accepted, what: "an account") { text in
        anyDomain.flatMap { Principals.address(text, defaultDomain: $0) }.map { !$0.hasWildcard } ?? false
    }
    static let senderAddress = TextKind(
        "an address such as sales@example.org, or *@example.org for every one of a domain", what: "a mail address"
    ) {
        text in
        guard let address = EmailAddress(parsing: text) else { return false }
        return !address.hasWildcard || (address.isCatchAll && address.domain.name != nil)
    }
    static let emailAddressOrNone = TextKind("an address such as sales@example.org, or none", what: "a mail address") {
        $0 == "none" || EmailAddress(parsing: $0).map { !$0.hasWildcard } ?? false
    }
    static let unixName = TextKind(
        "a name of letters, digits, `_`, `-` and `.`, up to 32", what: "the name of a Unix account or group",
        pattern: "^[A-Za-z_][A-Za-z0-9_.-]{0,31}$"
    ) { text in
        guard let first = text.utf8.first, text.utf8.count <= 32, !(0x30...0x39).contains(first), first != UInt8(ascii: "-"),
            first != UInt8(ascii: ".")
        else { return false }
        return text.utf8.allSatisfy(isWordByte)
    }

    // MARK: Files and names

    static let path = TextKind("a path; relative ones are relative to this file", pattern: ".") { $0.isEmpty ? "the path is empty" : nil }
    static let program = TextKind("a program with an absolute path, or one of its arguments", what: "a word") { !$0.contains("\0") }
    static let reference = TextKind("a name", what: "a name", pattern: identifierPattern, isValid: isIdentifier)
    static let maildir = TextKind("a path with {user}, and perhaps {domain}", pattern: "\\{user\\}", problem: MaildirTemplate.problem)
    static let word = TextKind("a text", pattern: ".") { $0.isEmpty ? "the text is empty" : nil }

    // MARK: Times

    static let window = TextKind(WeeklyTimes.acceptedWindow, what: "a window of the week") { WeeklyTimes.window($0) != nil }
    static let moment = TextKind(WeeklyTimes.acceptedMoment, what: "a time of the week") { WeeklyTimes.moment($0) != nil }

    static let identifierPattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$"

    /// Names of virtual servers, connectors, profiles and certificates: they stand in logs and in the queue.
    @Sendable static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64, first != UInt8(ascii: "-"), first != UInt8(ascii: ".") else {
            return false
        }
        return text.utf8.allSatisfy(isWordByte)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
