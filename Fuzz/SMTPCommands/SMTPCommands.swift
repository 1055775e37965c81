import DialogueModel
import Foundation
import NIOCore
import SMTPProtocol

/// Any octets as a dialogue: worked off without a crash, with nothing but proper replies and proper messages, and the same however the
/// network cuts them. The first octet says how: it is the seed of the cuts.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSMTPCommands(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    for settings in [ServerRun.settings, ServerRun.submissionSettings, ServerRun.lenientSettings] { runs(bytes, settings) }
    return 0
}

private func runs(_ bytes: [UInt8], _ settings: SMTPServerSettings) {
    var whole = ServerRun(settings: settings)
    whole.receive(bytes)
    if let violation = whole.violation { fatalError(violation) }

    var split = ServerRun(settings: settings)
    var rest = bytes[...]
    var state = UInt32(bytes[0]) &+ 1
    while !rest.isEmpty {
        state = state &* 1_664_525 &+ 1_013_904_223
        let piece = rest.prefix(1 + Int(state >> 24) % 37)
        split.receive(piece)
        rest = rest.dropFirst(piece.count)
    }
    guard whole.sent == split.sent, whole.droppedOctets == split.droppedOctets, whole.events == split.events,
        whole.isClosed == split.isClosed
    else {
        fatalError("cut otherwise, it means something else:\n\(whole.events)\n\(split.events)\n\(whole.sent)\n\(split.sent)")
    }
}
