import MailVocabulary
import SMTPProtocol

/// A stand-in for the authentication service: everybody's password is `right`, and of `busy` nothing can be known at the moment.
struct LoginModel {
    private let mechanism: SASLMechanism
    private var step = 0
    private var account = ""

    init(_ mechanism: SASLMechanism) { self.mechanism = mechanism }

    /// - Parameter response: the client's; nil where it gave no initial one.
    mutating func receive(_ response: [UInt8]?) -> SMTPServerEvent {
        guard let response else { return .authenticationChallenge(Array((mechanism == .login ? "Username:" : "").utf8)) }
        step += 1
        let text = String(decoding: response, as: UTF8.self)
        switch (mechanism, step) {
        case (.plain, _):
            let parts = text.split(separator: "\0", omittingEmptySubsequences: false)
            return parts.count == 3 ? verdict(parts[1], parts[2]) : Self.refused
        case (.login, 1):
            account = text
            return .authenticationChallenge(Array("Password:".utf8))
        case (.login, _): return verdict(account, text)
        // As a mechanism with a server's last word goes.
        case (_, 1):
            account = text
            return .authenticationChallenge(Array("salt".utf8))
        case (_, _) where text == "right": return .authenticated(SessionIdentity(account: account), finalData: Array("proof".utf8))
        default: return Self.refused
        }
    }

    private func verdict(_ account: some StringProtocol, _ password: some StringProtocol) -> SMTPServerEvent {
        switch password {
        case "right": .authenticated(SessionIdentity(account: String(account)), finalData: nil)
        case "busy": .authenticationFailed(Reply(454, "4.7.0", "Try again later"))
        default: Self.refused
        }
    }

    private static var refused: SMTPServerEvent { .authenticationFailed(Reply(535, "5.7.8", "Wrong user name or password")) }
}
