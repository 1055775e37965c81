import Credentials
import MailVocabulary

/// Which spellings name an account: `user@domain`, `DOMAIN\user`, and the bare `user` (S09).
public struct LoginNameForms: Hashable, Sendable {
    /// Completes bare names; nil leaves them as they are.
    public let defaultDomain: DomainName?
    /// Those we receive mail for: `DOMAIN` may be one of them, and a Kerberos realm may be the upper case of one.
    public let domains: Set<DomainName>
    /// Other names of those domains, and which: `user@alias` is `user@domain`, unless somebody has it as a login name of its own.
    public let aliases: [DomainName: DomainName]

    public init(defaultDomain: DomainName?, domains: Set<DomainName>, aliases: [DomainName: DomainName] = [:]) {
        (self.defaultDomain, self.domains, self.aliases) = (defaultDomain, domains, aliases)
    }

    /// Reads what a client gave as its name. What nobody can be called (too long, no UTF-8, characters that RFC 4013 §2.3
    /// prohibits, a `DOMAIN` that is none of ours) gives a name without `lookups`, so that it fails as an unknown one does.
    ///
    /// - Parameter octets: as received; spaces at both ends do not count, as they come from the keyboards of phones.
    public func read(_ octets: [UInt8]) -> LoginName {
        guard octets.count <= LoginName.maximumOctets, let text = String(validating: octets, as: UTF8.self),
            let prepared = SASLPreparation.prepareName(text)
        else { return LoginName(ofNobody: octets) }
        let name = String(decoding: Self.withoutOuterSpaces(prepared), as: UTF8.self)
        guard !name.isEmpty, !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return LoginName(ofNobody: octets) }
        if let separator = name.utf8.firstIndex(of: UInt8(ascii: "\\")) {
            let user = name[name.utf8.index(after: separator)...]
            guard let domain = domain(called: name[..<separator]), !user.contains("\\"), !user.contains("@"),
                let key = Self.key(user: user, domain: domain)
            else { return LoginName(ofNobody: octets) }
            return LoginName(lookups: [key], key: key)
        }
        guard !name.contains("@") else {
            let address = EmailAddress(parsing: name)
            let key = address?.lookupKey ?? name.comparableName
            if let address, let domain = address.domain.name.flatMap({ aliases[$0] }), let meant = address.moved(to: domain) {
                return LoginName(lookups: [key, meant.lookupKey], key: meant.lookupKey)
            }
            return LoginName(lookups: [key], key: key)
        }
        let bare = name.comparableName
        guard let defaultDomain, let completed = Self.key(user: name[...], domain: aliases[defaultDomain] ?? defaultDomain) else {
            return LoginName(lookups: [bare], key: bare)
        }
        return LoginName(lookups: [bare, completed], key: completed)
    }

    /// The account of a Kerberos principal: `user@REALM` is `user@domain` where the realm is one of our domains in upper case.
    ///
    /// Nil for every other principal: another realm, one of a service or with an instance (`host/x`, `anna/admin`), one with
    /// escaped characters. Letters of the user compare as they do in addresses.
    ///
    /// - Parameter principal: as GSS-API displays it, always with its realm.
    public func account(ofPrincipal principal: String) -> LoginName? {
        guard principal.utf8.count <= LoginName.maximumOctets, !principal.contains("/"), !principal.contains("\\") else { return nil }
        let parts = principal.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let domain = domain(ofRealm: parts[1]),
            let prepared = SASLPreparation.prepareName(String(parts[0])), prepared.elementsEqual(parts[0].utf8),
            let key = Self.key(user: parts[0], domain: domain)
        else { return nil }
        return LoginName(lookups: [key], key: key)
    }

    private func domain(ofRealm realm: Substring) -> DomainName? {
        domains.first { $0.text.uppercased() == realm } ?? aliases.first { $0.key.text.uppercased() == realm }?.value
    }

    /// `DOMAIN` of `DOMAIN\user`: one of our domains, or the first label of the default domain, as it was the NetBIOS name.
    private func domain(called name: Substring) -> DomainName? {
        let name = name.lowercased()
        if let defaultDomain, name == defaultDomain.text || name == defaultDomain.labels.first.map({ String($0) }) {
            return aliases[defaultDomain] ?? defaultDomain
        }
        return domains.first { $0.text == name } ?? aliases.first { $0.key.text == name }?.value
    }

    private static func key(user: Substring, domain: DomainName) -> String? { EmailAddress(parsing: "\(user)@\(domain)")?.lookupKey }

    private static func withoutOuterSpaces(_ octets: [UInt8]) -> ArraySlice<UInt8> {
        guard let first = octets.firstIndex(where: { $0 != 0x20 }), let last = octets.lastIndex(where: { $0 != 0x20 }) else { return [] }
        return octets[first...last]
    }
}
