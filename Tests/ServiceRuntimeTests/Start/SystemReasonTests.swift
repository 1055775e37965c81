import NIOCore
import ServiceRuntime
import Testing

@Suite("Errors as a person reads them")
struct SystemReasonTests {
    @Test("NIO's error of a system call is told in the system's words alone")
    func inputOutput() {
        #expect(SystemReason.text(of: IOError(errnoCode: 98, reason: "bind(descriptor:ptr:bytes:)")) == "Address already in use")
        #expect(SystemReason.text(of: ChannelError.eof) == "\(ChannelError.eof)")
    }
}
