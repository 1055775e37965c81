import NIOCore
import Testing

@testable import SMTPServer

@Suite("What a client has sent and the session has not seen")
struct PacedInputTests {
    @Test("commands come in slices of at most 512 octets, in their order and whole")
    func slices() {
        var input = PacedInput()
        let octets = (0..<2000).map { UInt8(truncatingIfNeeded: $0) }
        input.append(ByteBuffer(bytes: octets[..<700]))
        input.append(ByteBuffer(bytes: octets[700...]))
        var seen: [UInt8] = []
        while let slice = input.nextSlice() {
            #expect(slice.readableBytes <= PacedInput.commandSlice && slice.readableBytes > 0)
            seen += slice.readableBytesView
        }
        #expect(seen == octets && input.isEmpty)
    }

    @Test("the end of the input is seen after what came before it, and once")
    func end() {
        var input = PacedInput()
        // Nothing is before it.
        let isBehindNothing = input.end()
        let isReached = input.reachedEnd()
        #expect(!isBehindNothing && !isReached)
        input.append(ByteBuffer(string: "QUIT\r\n"))
        let isBehind = input.end()
        #expect(isBehind)
        input.clear()
        let (first, second) = (input.reachedEnd(), input.reachedEnd())
        #expect(first && !second)
    }
}
