/// Which cipher suites are offered and taken. All have forward secrecy and authenticated encryption on the server side; those of a
/// minimum above 128 bits come first, so that the server's own order gives a capable client a strong one.
enum CipherSuites {
    /// TLS 1.3 (RFC 8446 §9.1).
    static let tls13 = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"

    /// TLS 1.2: RFC 9325 §4.2, and the DHE suites that Mozilla's “intermediate” takes for clients without elliptic curves.
    static let tls12Server = [
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES256-GCM-SHA384", "DHE-RSA-CHACHA20-POLY1305", "DHE-RSA-AES128-GCM-SHA256",
    ].joined(separator: ":")

    /// A client prefers the same, and takes what older mail servers have: without TLS the message would go in clear, or not at all.
    static let tls12Client = tls12Server + ":HIGH:!aNULL:!eNULL:!PSK:!SRP:!3DES:!ARIA:!CAMELLIA"

    /// Key exchange (RFC 8446 §4.2.7).
    static let groups = "X25519:P-256:P-384"
}
