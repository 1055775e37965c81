import COpenSSL
import MailVocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// What a client would see of a pair: one finding or more about chain, names, validity, key and signature each.
public struct CertificateCheck: Sendable {
    public let pair: CertificatePair
    /// Whose roots the client has.
    public let trust: TrustAnchors

    public init(_ pair: CertificatePair, trust: TrustAnchors = .system) { (self.pair, self.trust) = (pair, trust) }

    /// Reads the trust anchors; blocks.
    ///
    /// - Parameters:
    ///   - hosts: what clients call the server.
    ///   - daysNeeded: a certificate with fewer days left is an error: it was not renewed in time.
    public func findings(for hosts: [PeerReference], now: Timestamp, daysNeeded: Int = 0) -> [CertificateFinding] {
        [chain(now)] + hosts.map(name) + validity(now, daysNeeded) + [key] + signatures
    }

    private func chain(_ now: Timestamp) -> CertificateFinding {
        if pair.facts.isSelfIssued, pair.intermediates.isEmpty, chainError(now) != nil {
            return CertificateFinding(
                .error, .chain, "the certificate is self-signed: clients trust it only where it was installed by hand")
        }
        guard let error = chainError(now) else {
            return CertificateFinding(.good, .chain, "the chain leads to a trusted root")
        }
        return CertificateFinding(.error, .chain, "the chain is not trusted: \(error)")
    }

    private func chainError(_ now: Timestamp) -> String? {
        guard let store = X509_STORE_new(), let context = X509_STORE_CTX_new(), let untrusted = postern_X509_stack_new() else {
            return "no memory"
        }
        defer {
            X509_STORE_CTX_free(context)
            X509_STORE_free(store)
            postern_X509_stack_free(untrusted)
        }
        guard trust.load(into: store) else { return "the trusted certificates cannot be read" }
        for intermediate in pair.intermediates { _ = postern_X509_stack_push(untrusted, intermediate.pointer) }
        guard X509_STORE_CTX_init(context, store, pair.certificate.pointer, untrusted) == 1 else { return "no memory" }
        if let parameters = X509_STORE_CTX_get0_param(context) {
            X509_VERIFY_PARAM_set_time(parameters, time_t(now.seconds))
            X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER)
        }
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        if X509_verify_cert(context) == 1 { return nil }
        return String(cString: X509_verify_cert_error_string(Int(X509_STORE_CTX_get_error(context))))
    }

    private func name(_ host: PeerReference) -> CertificateFinding {
        if pair.certificate.names(host) { return CertificateFinding(.good, .name, "the certificate is for \(host)") }
        let names = pair.facts.names.map(\.description).joined(separator: ", ")
        return CertificateFinding(
            .error, .name,
            "the certificate is not for \(host), but " + (names.isEmpty ? "for no name at all; its subject does not count" : "for \(names)")
        )
    }

    private func validity(_ now: Timestamp, _ daysNeeded: Int) -> [CertificateFinding] {
        let certificates = [pair.certificate] + pair.intermediates
        return certificates.map { certificate in
            let facts = certificate.facts
            let which = certificate === pair.certificate ? "the certificate" : "\(facts.subject) of the chain"
            if facts.isExpired(at: now) {
                return CertificateFinding(.error, .validity, "\(which) has expired: it ended at \(facts.notAfter)")
            }
            if facts.isNotYetValid(at: now) {
                return CertificateFinding(.error, .validity, "\(which) is valid only from \(facts.notBefore) on")
            }
            let days = facts.daysLeft(at: now)
            let severity: CertificateFinding.Severity =
                days < daysNeeded ? .error : days < CertificateWatch.warningDays ? .warning : .good
            let left = days == 1 ? "1 more day" : "\(days) more days"
            return CertificateFinding(severity, .validity, "\(which) is valid for \(left), until \(facts.notAfter)")
        }
    }

    /// NIST SP 800-57 part 1, table 2: 112 bits of strength and more.
    private var key: CertificateFinding {
        let kind = pair.facts.key
        let isWeak =
            switch kind {
            case .rsa(let bits): bits < 2048
            case .ec(_, let bits): bits < 224
            case .other: false
            }
        return isWeak
            ? CertificateFinding(.error, .key, "the key is weak: \(kind); RSA needs at least 2048 bits, ECDSA P-256")
            : CertificateFinding(.good, .key, "the key is \(kind)")
    }

    private var signatures: [CertificateFinding] {
        ([pair.certificate] + pair.intermediates).map { certificate in
            let algorithm = certificate.facts.signatureAlgorithm
            let isWeak = ["sha1", "md5", "md4", "md2"].contains { algorithm.lowercased().contains($0) }
            return isWeak
                ? CertificateFinding(.error, .signature, "\(certificate.facts.subject) is signed with \(algorithm), which can be forged")
                : CertificateFinding(.good, .signature, "\(certificate.facts.subject) is signed with \(algorithm)")
        }
    }
}
