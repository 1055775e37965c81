import NameResolution

enum MXQuestion: DNSQuestionKind {
    static let type = RecordType.mx
    static let abstract = "The hosts that take a domain's mail."
}

enum AQuestion: DNSQuestionKind {
    static let type = RecordType.a
    static let abstract = "The IPv4 addresses of a host."
}

enum AAAAQuestion: DNSQuestionKind {
    static let type = RecordType.aaaa
    static let abstract = "The IPv6 addresses of a host."
}

enum PTRQuestion: DNSQuestionKind {
    static let type = RecordType.ptr
    static let abstract = "The names that its owner gives an address."
}

enum TLSAQuestion: DNSQuestionKind {
    static let type = RecordType.tlsa
    static let abstract = "Which certificates a host may show: HOST, HOST:PORT or _25._tcp.HOST."
}

enum NSQuestion: DNSQuestionKind {
    static let type = RecordType.ns
    static let abstract = "The name servers of a domain."
}

enum TXTQuestion: DNSQuestionKind {
    static let type = RecordType.txt
    static let abstract = "Texts: SPF, _dmarc.DOMAIN, SELECTOR._domainkey.DOMAIN."
}
