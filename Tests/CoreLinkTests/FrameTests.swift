import MailVocabulary
import NIOCore
import Testing

@testable import CoreLink

@Suite("Frames")
struct FrameTests {
    @Test("what is written is read back, for every kind of message of every role")
    func roundTrips() throws {
        for message in Samples.submitRequests { try expectRoundTrip(message) }
        for message in Samples.submitResponses { try expectRoundTrip(message) }
        for message in Samples.submissionRequests { try expectRoundTrip(message) }
        for message in Samples.leaseRequests { try expectRoundTrip(message) }
        for message in Samples.leaseResponses { try expectRoundTrip(message) }
        for message in Samples.controlRequests { try expectRoundTrip(message) }
        for message in Samples.controlResponses { try expectRoundTrip(message) }
        for message in Samples.loginRequests { try expectRoundTrip(message) }
        for message in Samples.loginResponses { try expectRoundTrip(message) }
        for message in Samples.authenticationRequests { try expectRoundTrip(message) }
        for message in Samples.authenticationResponses { try expectRoundTrip(message) }
        try expectRoundTrip(Hello(role: .edge, holder: 7, revision: "abc"))
        try expectRoundTrip(Greeting(revision: "abc", refusal: "no"))
        try expectRoundTrip(ConfigurationQuestion(role: .mailbox))
        try expectRoundTrip(ConfigurationHead(octets: 1 << 20, refusal: "no"))
        try expectRoundTrip(ConfigurationPiece(octets: ByteBuffer(string: "version: 1\n")))
    }

    @Test("a frame that is cut anywhere is not a message, and is waited for")
    func cutFrames() throws {
        var whole = ByteBuffer()
        Samples.submitRequests[0].write(into: &whole)
        for length in 0..<whole.readableBytes {
            var cut = whole.getSlice(at: 0, length: length)!
            #expect(try Frame.next(from: &cut) == nil)
            #expect(cut.readableBytes == length, "nothing is taken from an incomplete frame")
        }
    }

    @Test("a body that is cut, or too long, is refused", arguments: [1, 2, 7])
    func wrongLengths(change: Int) throws {
        for message in Samples.leaseRequests {
            var buffer = ByteBuffer()
            message.write(into: &buffer)
            guard let (kind, body) = try Frame.next(from: &buffer) else { continue }
            if body.readableBytes >= change {
                let cut = body.getSlice(at: body.readerIndex, length: body.readableBytes - change)!
                #expect(throws: WireError.self) { _ = try LeaseRequest.read(kind: kind, body: cut) }
            }
            var long = body
            long.writeRepeatingByte(0, count: change)
            #expect(throws: WireError.self) { _ = try LeaseRequest.read(kind: kind, body: long) }
        }
    }

    @Test(
        "a length of nothing, or beyond the limit, is refused before anything is kept",
        arguments: [0, UInt32(Frame.maximumLength) + 1, .max])
    func absurdLengths(length: UInt32) {
        var buffer = ByteBuffer()
        buffer.writeInteger(length)
        #expect(throws: WireError.frameLength(Int(length))) { _ = try Frame.next(from: &buffer) }
    }

    @Test("an array that announces more elements than the frame has octets reserves nothing")
    func lyingArray() {
        var body = ByteBuffer()
        body.writeInteger(UInt32.max)
        #expect(throws: WireError.truncated) { _ = try LeaseRequest.read(kind: 1, body: body) }
    }

    @Test("an edge has no bytes to name an account with: a kind of the submission role is unknown on its socket")
    func edgeCannotAuthorize() {
        var buffer = ByteBuffer()
        SubmissionLink.Request.authorize(SessionToken(high: 1, low: 2)).write(into: &buffer)
        #expect(throws: WireError.unknownKind(16)) {
            guard let (kind, body) = try Frame.next(from: &buffer) else { return }
            _ = try EdgeLink.Request.read(kind: kind, body: body)
        }
    }

    @Test("random bytes are never a crash, and rarely a message", arguments: 0..<200)
    func randomBodies(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let kind = UInt8.random(in: 0...20, using: &generator)
            let body = ByteBuffer(
                bytes: (0..<Int.random(in: 0...64, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) })
            _ = try? SubmitRequest.read(kind: kind, body: body)  // Only that it returns matters.
            _ = try? LeaseRequest.read(kind: kind, body: body)  // Only that it returns matters.
            _ = try? LeaseResponse.read(kind: kind, body: body)  // Only that it returns matters.
            _ = try? ControlRequest.read(kind: kind, body: body)  // Only that it returns matters.
        }
    }

    private func expectRoundTrip<Message: LinkMessage & Equatable>(_ message: Message) throws {
        var buffer = ByteBuffer()
        message.write(into: &buffer)
        let (kind, body) = try #require(try Frame.next(from: &buffer))
        #expect(try Message.read(kind: kind, body: body) == message)
        #expect(buffer.readableBytes == 0)
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension FrameTests {
    @Test("an original recipient or an envelope id that no front end takes from a client is no message")
    func endlessLines() throws {
        let address = Samples.address
        try expectInvalid(
            SubmitRequest.recipient(EnvelopeRecipient(address: address, originalRecipient: String(repeating: "x", count: 1201))))
        try expectInvalid(
            SubmitRequest.begin(
                SessionFacts(virtualServer: "internet", clientAddress: IPAddress(ipv4: 1)),
                EnvelopeSender(reversePath: .null, envelopeID: String(repeating: "x", count: 101))))
    }

    private func expectInvalid(_ message: SubmitRequest) throws {
        var buffer = ByteBuffer()
        message.write(into: &buffer)
        let (kind, body) = try #require(try Frame.next(from: &buffer))
        #expect(throws: WireError.invalid("line")) { _ = try SubmitRequest.read(kind: kind, body: body) }
    }

    enum TooMuch: CaseIterable {
        case recipientsPresented, recipientsOfAnOutcome, outcomes, lines

        /// - Parameter count: 100 is the most.
        func request(_ count: Int) -> LeaseRequest {
            let held = HeldLease(lease: LeaseID(epoch: 1, number: 1), message: Samples.id, recipients: [0])
            let many = HeldLease(lease: held.lease, message: held.message, recipients: Array(0..<UInt32(count)))
            let reply = Reply(550, nil, lines: Array(repeating: "no", count: self == .lines ? count : 1))
            let outcome = RecipientOutcome(index: 0, attempts: 0, result: .failed, reply: reply)
            return switch self {
            case .recipientsPresented: .present([held, many])
            case .recipientsOfAnOutcome: .outcome(many, [outcome], reached: true)
            case .outcomes: .outcome(held, Array(repeating: outcome, count: count), reached: true)
            case .lines: .outcome(held, [outcome], reached: true)
            }
        }
    }

    @Test("a holder names at most 100 recipients of a lease, has at most 100 outcomes, each of 100 lines", arguments: TooMuch.allCases)
    func leaseBounds(kind: TooMuch) throws {
        try expectRoundTrip(kind.request(100))
        var buffer = ByteBuffer()
        kind.request(101).write(into: &buffer)
        let (number, body) = try #require(try Frame.next(from: &buffer))
        #expect(throws: WireError.invalid("array")) { _ = try LeaseRequest.read(kind: number, body: body) }
    }
}
