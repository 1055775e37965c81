import TrustedFiles

#if canImport(Glibc)
    import Glibc
#endif

/// Puts keys and certificates where a server looks for them: whole, durable, and readable by those who should.
public enum CertificateInstallation {
    /// Reads a key that is to be certified. Blocks.
    public static func readKey(_ path: String) throws(CertificateError) -> PrivateKey {
        try PrivateKey.read(pem: try FileContent(path: path).octets, path: path)
    }

    /// Reads all certificates of a file, one at least. Blocks.
    public static func readCertificates(_ path: String) throws(CertificateError) -> [Certificate] {
        guard let certificates = Certificate.read(pem: try FileContent(path: path).octets) else {
            throw .malformed(path: path, reason: "one of its certificates cannot be read")
        }
        guard !certificates.isEmpty else { throw .noCertificate(path: path) }
        return certificates
    }

    /// Writes a new key, durable when it returns.
    public static func write(
        _ key: PrivateKey, to path: String, ownership: CertificateOwnership = .ofThisProcess
    ) throws(CertificateError) {
        try replace(path, by: key.pem, mode: ownership.keyMode, owner: ownership.key)
    }

    /// Writes a request (0644).
    public static func write(_ request: CertificateRequest, to path: String) throws(CertificateError) {
        try replace(path, by: request.pem, mode: 0o644, owner: nil)
    }

    /// Writes a pair: the key, and the chain without a root (0644).
    ///
    /// Whoever reads between the two takes neither: they do not match.
    public static func write(
        _ pair: CertificatePair, to files: CertificateFiles, ownership: CertificateOwnership = .ofThisProcess
    ) throws(CertificateError) {
        let chain = ([pair.certificate] + pair.intermediates).flatMap(\.pem)
        // In one file the key comes first, as HAProxy and others have it.
        if files.certificate == files.key {
            return try replace(files.key, by: pair.key.pem + chain, mode: ownership.keyMode, owner: ownership.key)
        }
        try write(pair.key, to: files.key, ownership: ownership)
        try replace(files.certificate, by: chain, mode: 0o644, owner: ownership.certificate)
    }

    /// Installs what an authority has answered to a request: finds the certificate that is for the key, puts those that vouch for it in
    /// order, leaves out the root and what is not of the chain, and writes the chain (0644). The key file stays as it is.
    ///
    /// - Parameters:
    ///   - answer: PEM, certificates in any order.
    ///   - source: where the answer came from, for the error.
    /// - Returns: the pair as it is installed.
    /// - Throws: `.noCertificate`, `.keyMismatch` where none of them is for the key, and what reading and writing throws.
    public static func install(
        answer: [UInt8], from source: String, files: CertificateFiles, ownership: CertificateOwnership = .ofThisProcess
    ) throws(CertificateError) -> CertificatePair {
        let key = try PrivateKey.read(pem: try FileContent(path: files.key).octets, path: files.key)
        guard let certificates = Certificate.read(pem: answer) else {
            throw .malformed(path: source, reason: "one of its certificates cannot be read")
        }
        guard !certificates.isEmpty else { throw .noCertificate(path: source) }
        guard certificates.count <= CertificatePair.maximumChain else {
            throw .tooManyCertificates(path: source, limit: CertificatePair.maximumChain)
        }
        guard let own = certificates.first(where: { $0.belongs(to: key) }) else {
            throw .keyMismatch(certificate: source, key: files.key)
        }
        let pair = try CertificatePair(certificate: own, intermediates: chain(above: own, of: certificates), key: key)
        if files.certificate == files.key {
            try write(pair, to: files, ownership: ownership)
        } else {
            let chain = ([own] + pair.intermediates).flatMap(\.pem)
            try replace(files.certificate, by: chain, mode: 0o644, owner: ownership.certificate)
        }
        return pair
    }

    /// Those that vouch for it, nearest first, without a root: the client has that, or would not believe it.
    static func chain(above certificate: Certificate, of certificates: [Certificate]) -> [Certificate] {
        var chain: [Certificate] = []
        var last = certificate
        while !last.facts.isSelfIssued, chain.count < certificates.count,
            let next = certificates.first(where: { issuer in
                issuer !== last && !issuer.facts.isSelfIssued && !chain.contains { $0 === issuer } && last.isSigned(by: issuer)
            })
        {
            chain.append(next)
            last = next
        }
        return chain
    }

    private static func replace(_ path: String, by octets: [UInt8], mode: mode_t, owner: FileOwner?) throws(CertificateError) {
        do throws(TrustedFileError) {
            try AtomicFile.write(octets, to: path, mode: mode, owner: owner)
        } catch {
            guard let number = error.errorNumber else { throw .untrustedPlace("\(error)") }
            throw .cannotWrite(path: path, errorNumber: number)
        }
    }
}
