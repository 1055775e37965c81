import MailVocabulary

/// How a device's login name is made of its account: `anna+phone@example.org`.
///
/// It looks like an address, since some mail programs take nothing else as a user name. It is a subaddress of the account, so it can be
/// nobody else's, and every spelling works that works for the account: `anna+phone`, `EXAMPLE\anna+phone`.
enum DeviceLogin {
    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F
            }
    }

    /// - Parameters:
    ///   - account: an address, or a bare name.
    ///   - defaultDomain: completes a bare name; nil leaves that to the core.
    static func name(account: String, device: String, defaultDomain: DomainName?) -> String {
        guard let at = account.lastIndex(of: "@") else {
            return "\(account)+\(device)" + (defaultDomain.map { "@\($0)" } ?? "")
        }
        var local = account[..<at]
        // A quoted local part ends with its quote.
        guard local.hasSuffix("\""), local.count > 1 else { return "\(local)+\(device)\(account[at...])" }
        local.removeLast()
        return "\(local)+\(device)\"\(account[at...])"
    }
}
