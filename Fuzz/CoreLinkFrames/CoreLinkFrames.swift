import CoreLink
import Foundation
import NIOCore

/// Any octets as frames of the role that the first octet says: read without a crash or an error of another kind, and whatever is a
/// message is written and read again as the same one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCoreLinkFrames(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let frames = ByteBuffer(bytes: UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start[0] % 16 {
    case 0: read(SubmitRequest.self, frames)
    case 1: read(SubmitResponse.self, frames)
    case 2: read(SubmissionLink.Request.self, frames)
    case 3: read(LeaseRequest.self, frames)
    case 4: read(LeaseResponse.self, frames)
    case 5: read(ControlRequest.self, frames)
    case 6: read(ControlResponse.self, frames)
    case 8: read(LoginLink.Request.self, frames)
    case 9: read(LoginLink.Response.self, frames)
    case 10: read(AuthenticationLink.Request.self, frames)
    case 11: read(AuthenticationLink.Response.self, frames)
    case 12: read(ConfigurationQuestion.self, frames)
    case 13: read(ConfigurationHead.self, frames)
    case 14: read(ConfigurationPiece.self, frames)
    case 15: read(Greeting.self, frames)
    default: read(Hello.self, frames)
    }
    return 0
}

private func read<Message: LinkMessage & Equatable>(_ type: Message.Type, _ frames: ByteBuffer) {
    var frames = frames
    do throws(WireError) {
        while let (kind, body) = try Frame.next(from: &frames) {
            let message = try Message.read(kind: kind, body: body)
            var written = ByteBuffer()
            message.write(into: &written)
            guard let (again, sameBody) = try Frame.next(from: &written), try Message.read(kind: again, body: sameBody) == message else {
                fatalError("not the same when it is written and read: \(message)")
            }
        }
    } catch {
        // What the peer's connection ends with.
    }
}
