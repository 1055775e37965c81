/// Which certificate or key a server has (RFC 6698 §2.1).
public struct TLSARecord: Hashable, Sendable {
    /// 2 DANE-TA, 3 DANE-EE; mail uses no others (RFC 7672 §3.1).
    public let usage: UInt8
    /// 0 the certificate, 1 its public key.
    public let selector: UInt8
    /// 0 as it is, 1 its SHA-256, 2 its SHA-512.
    public let matchingType: UInt8
    public let data: [UInt8]

    public init(usage: UInt8, selector: UInt8, matchingType: UInt8, data: [UInt8]) {
        (self.usage, self.selector, self.matchingType, self.data) = (usage, selector, matchingType, data)
    }

    /// - Returns: nil where the rdata is too short, or a digest has not the length that its type says.
    public init?(_ rdata: [UInt8]) {
        guard rdata.count > 3 else { return nil }
        let data = Array(rdata[3...])
        if (rdata[2] == 1 && data.count != 32) || (rdata[2] == 2 && data.count != 64) { return nil }
        self.init(usage: rdata[0], selector: rdata[1], matchingType: rdata[2], data: data)
    }
}

extension TLSARecord: CustomStringConvertible {
    /// As a zone file has it: `3 1 1 a3f0…`.
    public var description: String {
        let digits = Array("0123456789abcdef")
        return "\(usage) \(selector) \(matchingType) "
            + String(data.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
