import Authentication
import Foundation
import MailVocabulary

/// Any octets as what a hostile server says to our client: no crash, an end within the steps that there may be, and no server that does not
/// know the password is believed with SCRAM.
///
/// The first octet says which mechanism; then each message is a length in two octets and as many octets as that, or as are left. Where SCRAM's
/// server has to repeat the client's nonce, `NONCE` stands for it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSASLClient(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0, isStarted else { return 0 }
    var rest = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))[...]
    let mechanism = mechanisms[Int(start[0]) % mechanisms.count]
    guard let hostname = DomainName(parsing: "smarthost.example") else { fatalError("a domain name") }
    let exchange = SASLClientExchange(
        mechanism: mechanism, credential: .password(user: "tim", password: Array("tanstaaftanstaaf".utf8)), hostname: hostname)
    guard case .response(let initial) = exchange.start() else { return 0 }
    let nonce = initial.map { String(decoding: $0, as: UTF8.self).split(separator: ",").last?.dropFirst(2) ?? "" } ?? ""
    for _ in 0...SASLClientExchange.maximumSteps {
        var message: [UInt8] = []
        if rest.count >= 2 {
            let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            message = Array(rest.dropFirst(2).prefix(length))
            rest = rest.dropFirst(2 + message.count)
        }
        if let text = String(validating: message, as: UTF8.self), text.contains("NONCE"), mechanism == .scramSHA256 {
            message = Array(text.replacing("NONCE", with: nonce).utf8)
        }
        guard case .response = exchange.step(message) else { return 0 }
        if mechanism == .scramSHA256, exchange.finish() == nil { fatalError("a server without the password was believed") }
    }
    fatalError("an exchange without an end: \(mechanism.rawValue)")
}

private let mechanisms: [SASLMechanism] = [.scramSHA256, .plain, .login, .cramMD5, .ntlm]

private let isStarted: Bool = {
    do { try SASLLibrary.start(.init { _ in }) } catch { fatalError("\(error)") }
    return true
}()
