import MailVocabulary

/// Who a server is: pairs for the same names that differ in the kind of key. The client's signature algorithms choose among them.
public struct ServerIdentity: Sendable {
    public let pairs: [CertificatePair]

    /// - Throws: `.unusableIdentity` where there is no pair, or two of one kind of key.
    public init(_ pairs: [CertificatePair]) throws(CertificateError) {
        guard !pairs.isEmpty else { throw .unusableIdentity(reason: "a server needs a certificate") }
        for (index, pair) in pairs.enumerated() {
            let family = pair.key.kind.family
            if let twin = pairs[..<index].first(where: { $0.key.kind.family == family }) {
                throw .unusableIdentity(
                    reason: "two certificates have \(family) keys (\(twin.facts.subject), \(pair.facts.subject)): "
                        + "only different kinds can stand side by side for one name")
            }
        }
        self.pairs = pairs
    }

    public init(_ pair: CertificatePair) { pairs = [pair] }

    /// What its certificates are for.
    public var names: Set<CertificateName> { Set(pairs.flatMap(\.facts.names)) }
}
