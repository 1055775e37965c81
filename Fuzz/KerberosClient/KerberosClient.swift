import Authentication
import Foundation
import MailVocabulary

/// Any octets as what a hostile smart host says to our client with a Kerberos ticket, through our checks and into libsasl2 and libgssapi: no
/// crash, an end within the steps that there may be, and nobody without the service's key is believed.
///
/// No KDC is asked: the ticket and the key that it is sealed with are made here. The first octet says what follows. With its highest bit: changes
/// of what an honest server says, for each of its messages a count, and as many times a position in two octets and an octet that is combined with
/// what stands there; so the library gets to what only a context that stands has it read. Without: the messages themselves, each a length in two
/// octets and as many octets as that, or as are left.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKerberosClient(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    var input = FuzzedInput(UnsafeBufferPointer(start: start + 1, count: count - 1))
    let client = KerberosRealm.shared.client()
    guard case .response(let token?) = client.start() else { fatalError("no ticket: \(client.start())") }
    if start[0] & 0x80 == 0 { hostile(client, &input) } else { changed(client, token, &input) }
    return 0
}

private func hostile(_ client: SASLClientExchange, _ input: inout FuzzedInput) {
    for _ in 0...SASLClientExchange.maximumSteps {
        guard case .response = client.step(input.message()) else { return }
        if client.finish() == nil { fatalError("a server without the key was believed") }
    }
    fatalError("an exchange without an end")
}

private func changed(_ client: SASLClientExchange, _ token: [UInt8], _ input: inout FuzzedInput) {
    let server = KerberosRealm.shared.server()
    var answer = server.begin(token)
    var isChanged = false
    for _ in 0...SASLClientExchange.maximumSteps {
        guard case .challenge(var message) = answer else {
            // Our own server with our own ticket: what is wrong is the harness.
            if !isChanged, client.finish() != nil { fatalError("an honest exchange failed: \(answer)") }
            return
        }
        isChanged = input.change(&message) || isChanged
        guard case .response(let response) = client.step(message) else {
            if !isChanged { fatalError("an honest server was refused") }
            return
        }
        answer = server.step(response ?? [])
    }
    fatalError("an exchange without an end")
}

struct FuzzedInput {
    private var rest: ArraySlice<UInt8>

    init(_ octets: UnsafeBufferPointer<UInt8>) { rest = Array(octets)[...] }

    private mutating func next() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func message() -> [UInt8] {
        let length = Int(next()) << 8 | Int(next())
        let message = Array(rest.prefix(length))
        rest = rest.dropFirst(message.count)
        return message
    }

    /// Changes octets, or cuts the message at a position behind its end less 1,000.
    ///
    /// - Returns: whether anything is different.
    mutating func change(_ message: inout [UInt8]) -> Bool {
        let before = message
        for _ in 0..<(next() & 0x1F) {
            let (position, octet) = (Int(next()) << 8 | Int(next()), next())
            if position < message.count {
                message[position] ^= octet
            } else if octet & 1 == 0 {
                message.removeLast(min(message.count, position % 256))
            } else {
                message += [UInt8](repeating: octet, count: position % 256)
            }
        }
        return message != before
    }
}
