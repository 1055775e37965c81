import MailVocabulary
import NIOCore

@testable import CoreLink

/// One message of every kind, with every optional field once there and once not.
enum Samples {
    static let address = EmailAddress(parsing: "Jörg@example.org")!
    static let id = QueueID(value: 1_764_000_000_000_000)
    static let lease = LeaseID(epoch: 3, number: 9)
    static let held = HeldLease(lease: lease, message: id, recipients: [0, 7])
    static let reply = Reply(550, "5.7.1", "Relaying denied")
    static let recipient = EnvelopeRecipient(address: address, notify: .never, originalRecipient: "rfc822;joerg@example.org")

    static let submitRequests: [SubmitRequest] = [
        .begin(
            SessionFacts(
                virtualServer: "internet", clientAddress: IPAddress(parsing: "2001:db8::1")!,
                confirmedHostName: DomainName(parsing: "mail.example.net"), helo: "mail.example.net"),
            EnvelopeSender(
                reversePath: .address(address), declaredSize: 4096, body: .eightBitMIME, smtpUTF8: true, returnContent: .headers,
                envelopeID: "QQ314159")),
        .begin(
            SessionFacts(virtualServer: "", clientAddress: IPAddress(parsing: "192.0.2.1")!), EnvelopeSender(reversePath: .null)),
        .recipient(recipient),
        .recipient(EnvelopeRecipient(address: EmailAddress(parsing: "u@[192.0.2.9]")!)),
        .content(ByteBuffer(string: "Subject: x\r\n\r\n")),
        .commit(octets: 14, has8BitOctets: true),
        .abort,
        .refused(
            SessionRefusal(
                rule: .login, facts: SessionFacts(virtualServer: "clients", clientAddress: IPAddress(parsing: "192.0.2.1")!),
                reversePath: .null, reply: reply, count: 7)),
        .refused(
            SessionRefusal(
                rule: .access, facts: SessionFacts(virtualServer: "internet", clientAddress: IPAddress(parsing: "2001:db8::1")!),
                reply: reply)),
        .report(report), .report(DaemonReport(revision: "0123abcd", undone: [])),
    ]
    static let report = DaemonReport(revision: "0123abcd", undone: ["does not listen on 192.0.2.1:25", ""])
    static let submitResponses: [SubmitResponse] = [
        .began(id), .recipient(reply), .committed(Reply(250, nil, lines: ["one", "two"])),
        .mechanismsOff([]), .mechanismsOff([.gssapi, .ntlm]),
    ]
    static let submissionRequests: [SubmissionLink.Request] =
        [.authorize(token), .forget(token), .watchMechanisms] + submitRequests.map { .submit($0) }
    static let token = SessionToken(high: 1, low: .max)
    static let login = LoginFacts(virtualServer: "clients", clientAddress: IPAddress(parsing: "192.0.2.1")!, isSecure: true)
    static let loginRequests: [LoginLink.Request] = [
        .begin(login, .plain, initialResponse: ByteBuffer(bytes: [0, 97, 0, 255])), .begin(login, .scramSHA256, initialResponse: nil),
        .respond(ByteBuffer()), .cancel,
    ]
    static let loginResponses: [LoginLink.Response] = [
        .challenge(ByteBuffer(string: "r=1")), .succeeded(token, account: address), .failed(Reply(535, "5.7.8", "no")),
    ]
    static let authenticationRequests: [AuthenticationLink.Request] =
        [
            .begin(7, login, .gssapi), .reading(7, true), .credential(7, loginName: "alice", key: "alice@example.org"),
            .succeeded(7, loginName: "alice@example.org", key: nil), .succeeded(.max, loginName: "alice", key: "alice@example.org"),
            .cancelled(7), .decoySecret, .report(report), .unusable([]),
            .unusable([.init(.gssapi, reason: "no keytab"), .init(.ntlm, reason: "")]),
        ] + LoginFailure.allCases.map { .failed(7, key: $0 == .guess ? "alice" : nil, $0) }
    static let authenticationResponses: [AuthenticationLink.Response] =
        [
            .admitted(7),
            .credential(
                7,
                StoredCredential(
                    account: address, loginKey: "anna@a.test", verifier: "SCRAM-SHA-256$4096:AA==$AA==:AA==", secret: ByteBuffer(bytes: [1])
                )),
            .credential(7, StoredCredential(account: nil, verifier: "")), .issued(7, token, account: address),
            .penalty(7, LoginPenalty(wait: .milliseconds(1500), failures: 3, locks: [.address, .account])),
            .penalty(7, LoginPenalty(wait: .zero, failures: 0, locks: [])), .locked(7, .account, wait: .seconds(3)),
            .decoySecret(ByteBuffer(bytes: [7, 8])),
        ] + AuthenticationLink.Refusal.allCases.map { .refused(7, $0) }
    static let leaseRequests: [LeaseRequest] = [
        .present([held]), .present([]), .lease(preferring: nil),
        .lease(preferring: PreferredHop(connector: "general", nextHop: "domain:example.org")), .renew([lease]),
        .outcome(
            held,
            [
                RecipientOutcome(index: 0, attempts: 2, result: .delivered, reply: reply, remoteHost: "mx.example.org"),
                RecipientOutcome(index: 7, attempts: 0, result: .released, reply: reply),
            ], reached: true),
        .outcome(held, [], reached: false), .farewell, .report(report),
    ]
    static let leaseResponses: [LeaseResponse] = [
        .work(
            LeasedWork(
                lease: lease, message: id, connector: "general", nextHop: "domain:example.org",
                sender: EnvelopeSender(reversePath: .null), receivedAt: Timestamp(seconds: 1_764_000_000), size: 5, has8BitOctets: false,
                recipients: [LeasedRecipient(index: 0, attempts: 1, recipient: recipient)])),
        .content(ByteBuffer(string: "hello")), .contentEnded, .idle, .recorded(lease), .confirmed([lease]), .contentUnavailable,
    ]
    static let controlRequests: [ControlRequest] = ControlRequest.Command.allCases.map { ControlRequest($0, ["one", "zwei ü"]) }
    static let controlResponses: [ControlResponse] = [.object("{}"), .done, .refused("no such account", exitCode: 67)]
}
