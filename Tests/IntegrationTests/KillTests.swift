import Foundation
import Testing

/// `kill -9` of every daemon at random moments under load: nothing that was acknowledged is lost or truncated, and doubles are counted.
@Suite("Daemons that are killed")
struct KillTests {
    /// Sends numbered messages over a few connections until a file says stop; writes the numbers of those that were acknowledged.
    private static let load = """
        import hashlib, os, random, smtplib, sys, threading
        port, stop, log, seed = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
        lock = threading.Lock()
        acknowledged = open(log, 'w', buffering=1)
        def run(worker):
            rng = random.Random(seed * 1000 + worker)
            number = 0
            server = None
            while not os.path.exists(stop):
                number += 1
                name = f'{worker}-{number}'
                size = rng.choice([200, 2000, 20000, 150000])
                body = ''.join(rng.choice('abcdefghijklmnopqrstuvwxyz.') for _ in range(64))
                lines = [body] * (size // 66 + 1)
                digest = hashlib.sha256('\\r\\n'.join(lines).encode()).hexdigest()
                text = f'Subject: {name}\\r\\nX-Digest: {digest}\\r\\n\\r\\n' + '\\r\\n'.join(lines) + '\\r\\n'
                recipient = 'user@local.test' if rng.random() < 0.5 else 'user@relay.test'
                try:
                    if server is None:
                        server = smtplib.SMTP('127.0.0.1', port, 'load.test', timeout=30)
                    refused = server.sendmail('sender@source.test', [recipient], text)
                    with lock:
                        acknowledged.write(f'{name} {recipient}\\n')
                except Exception:
                    try:
                        server and server.close()
                    except Exception:
                        pass
                    server = None
        threads = [threading.Thread(target=run, args=(worker,)) for worker in range(6)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        """

    @Test("50 kills at random moments under load: every acknowledged message arrives whole", .timeLimit(.minutes(10)))
    func killEverything() async throws {
        let seed = ProcessInfo.processInfo.environment["POSTERN_KILL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...1_000_000)
        print("POSTERN_KILL_SEED=\(seed)")
        var generator = SplitMix(seed: seed)
        let sink = try SinkUnderTest()
        try await sink.start()
        let postern = try PosternUnderTest(
            edge: "limits: { message_size: 10MiB, session_size: none, messages_per_connection: none }",
            rest: """
                domains: { local.test: authoritative }
                connectors:
                  mailboxes:
                    address_spaces: [{ domain: local.test }]
                    deliver: { maildir: "mail/{domain}/{user}" }
                  partner:
                    address_spaces: [{ domain: relay.test }]
                    deliver: { smart_hosts: ["[127.0.0.1]:\(sink.port)"] }
                    relay: true
                outbound:
                  default:
                    retry: { first: 1s, second: 1s, third: 1s, subsequent: 1s }
                """)
        try await postern.start()
        try await postern.addUser("user@local.test")
        let (stop, log) = (postern.folder.file("stop").path, postern.folder.file("acknowledged").path)
        let script = try postern.folder.write("load.py", Self.load)
        async let sending = Program.run("python3", [script, String(postern.port), stop, log, String(seed)])

        var kills: [String: Int] = [:]
        while kills.values.reduce(0, +) < 50 {
            let pause = Int.random(in: 20...400, using: &generator)
            try await ContinuousClock().sleep(for: .milliseconds(pause))
            let daemon = ["postern-core", "postern-edge", "postern-delivery", "postern-mailbox"].randomElement(using: &generator)!
            guard let id = try postern.processID(of: daemon) else { continue }
            if kill(id, SIGKILL) == 0 { kills[daemon, default: 0] += 1 }
        }
        try Data().write(to: URL(fileURLWithPath: stop))
        _ = try await sending
        _ = try await eventually(within: 120, "the queue is empty; the log:\n\(postern.logText.suffix(3000))") {
            let status = try await postern.postern(["queue", "list", "--json"])
            return status.status == 0 && status.output.isEmpty ? true : nil
        }
        await postern.stop()
        sink.stop()

        let acknowledged = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ") }
        let mailbox = try await Self.names(in: "\(postern.folder.path)/mail/local.test/user/new")
        let relayed = try await Self.names(in: sink.folder.path)
        var lost: [String] = []
        for entry in acknowledged where !(entry[1].hasPrefix("user@local") ? mailbox : relayed).contains(String(entry[0])) {
            lost.append(entry.joined(separator: " "))
        }
        let doublesInMailbox = mailbox.count - Set(mailbox).count
        let doublesRelayed = relayed.count - Set(relayed).count
        print(
            "killed \(kills.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")); \(acknowledged.count) acknowledged, "
                + "\(lost.count) lost, \(mailbox.count) in the mailbox (\(doublesInMailbox) double), \(relayed.count) relayed (\(doublesRelayed) double)"
        )
        #expect(acknowledged.count > 100, "the load must have got somewhere")
        #expect(lost.isEmpty, "acknowledged and lost: \(lost)")
        // A Maildir knows what it has; a remote server that took a message whose reply we did not live to read gets it again: SMTP's own
        // window (RFC 1047), open once per delivery process or core that was killed in it and per connection at most.
        #expect(doublesInMailbox == 0)
        let deliveryKills = (kills["postern-delivery"] ?? 0)
        #expect(doublesRelayed <= deliveryKills * 100)
    }

    /// Names the messages in a folder by their subjects; those whose digest does not match are `broken`.
    private static let check = """
        import hashlib, os, sys
        for entry in sorted(os.listdir(sys.argv[1])):
            data = open(os.path.join(sys.argv[1], entry), 'rb').read().replace(b'\\r\\n', b'\\n')
            if not data:
                continue
            start = data.index(b'Subject: ')
            header, _, body = data[start:].partition(b'\\n\\n')
            fields = dict(line.split(b': ', 1) for line in header.split(b'\\n') if b': ' in line)
            digest = hashlib.sha256(body.rstrip(b'\\n').replace(b'\\n', b'\\r\\n')).hexdigest()
            whole = digest.encode() == fields.get(b'X-Digest')
            print(fields[b'Subject'].decode() if whole else f'broken {entry}')
        """

    private static func names(in folder: String) async throws -> [String] {
        let result = try await Program.run("python3", ["-c", check, folder])
        #expect(result.status == 0, "\(result.errors)")
        let names = result.text.split(separator: "\n").map(String.init)
        #expect(!names.contains { $0.hasPrefix("broken") }, "truncated or changed: \(names.filter { $0.hasPrefix("broken") })")
        return names
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
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
