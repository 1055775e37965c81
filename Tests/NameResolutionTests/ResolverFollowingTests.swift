import Foundation
import NIOCore
import Testing

@testable import NameResolution

/// A resolver under which the machine moves: no unbound needed.
@Suite("Facts of the network: a running resolver follows them")
struct ResolverFollowingTests {
    /// A folder of its own, gone at the end.
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("resolver-\(UUID().uuidString)")

        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(at: url) }  // In the temporary folder it does no harm.

        func write(_ name: String, _ text: String) throws -> String {
            let file = url.appendingPathComponent(name)
            try text.write(to: file, atomically: true, encoding: .utf8)
            return file.path
        }
    }

    private func system(_ file: String, port: UInt16 = 53) -> ResolverSettings {
        var settings = ResolverSettings(deadline: .seconds(20))
        (settings.systemFile, settings.systemPort) = (file, port)
        return settings
    }

    @Test("the system's name servers are taken up when their file changes, comes or goes")
    func fileChanges() async throws {
        let folder = try Folder()
        let file = try folder.write("resolv.conf", "nameserver 192.0.2.1\nnameserver\nnameserver 192.0.2.2\n")
        let resolver = try DNSResolver(settings: system(file))
        #expect(resolver.servers == ["192.0.2.1", "192.0.2.2"])
        #expect(resolver.notes == ["\(file):2: 'nameserver' without an address; the line is passed over"])
        #expect(try !resolver.lookAgain())
        _ = try folder.write("resolv.conf", "nameserver 192.0.2.3\n")
        #expect(try resolver.lookAgain())
        #expect(resolver.servers == ["192.0.2.3"])
        #expect(resolver.notes == [])
        try FileManager.default.removeItem(atPath: file)
        #expect(try resolver.lookAgain())
        #expect(resolver.servers == ["127.0.0.1"])
        #expect(try !resolver.lookAgain())
        _ = try folder.write("resolv.conf", "nameserver 192.0.2.4\n")
        #expect(try resolver.lookAgain())
        #expect(resolver.servers == ["192.0.2.4"])
        try await resolver.shutDown(on: testLoop).get()
    }

    @Test(
        "questions after a change go to the new servers, and those before it still get their answers",
        .enabled(if: LocalDNSServer.isInstalled))
    func newServersAnswer() async throws {
        let silent = try LoopbackSocket()
        let server = try LocalDNSServer(records: ["mail.example. A 192.0.2.7"])
        defer { server.stop() }
        let resolver = try DNSResolver(settings: settings(port: silent.port, deadline: .milliseconds(600)))
        let before = resolver.lookUp("mail.example", .a, on: testLoop)
        try resolver.adopt(settings(port: server.port))
        #expect(
            try await resolver.addresses(of: domain("mail.example"), family: .ipv4, on: testLoop).get()
                == .addresses([try address("192.0.2.7")]))
        #expect(try await before.get() == .failure(.timeout))
        try await resolver.shutDown(on: testLoop).get()
        #expect(try await resolver.lookUp("mail.example", .a, on: testLoop).get() == .failure(.shutDown))
    }

    @Test("many changes under questions: each question is answered once, and old threads are bounded")
    func manyChanges() async throws {
        let silent = try LoopbackSocket()
        let resolver = try DNSResolver(settings: settings(port: silent.port, deadline: .milliseconds(300)))
        var lookups: [EventLoopFuture<LookupAnswer>] = []
        for turn in 0..<12 {
            lookups.append(resolver.lookUp("d\(turn).example", .a, on: testLoop))
            try resolver.adopt(settings(port: silent.port, deadline: .milliseconds(301 + turn)))
        }
        for lookup in lookups {
            let answer = try await lookup.get()
            #expect(answer == .failure(.timeout) || answer == .failure(.shutDown))
        }
        try await resolver.shutDown(on: testLoop).get()
    }

    @Test("a hosts file is followed, and one that is gone leaves what it said and is complained of once")
    func hostsFile() async throws {
        let folder = try Folder()
        let file = try folder.write("hosts", "192.0.2.1 mail.example\n")
        let silent = try LoopbackSocket()
        let resolver = try DNSResolver(settings: settings(port: silent.port, hostsFile: file))
        _ = try folder.write("hosts", "192.0.2.2 mail.example\n")
        #expect(try resolver.lookAgain())
        #expect(resolver.hostsFileAddresses(of: try domain("mail.example")) == [try address("192.0.2.2")])
        try FileManager.default.removeItem(atPath: file)
        #expect(throws: ResolverError.self) { try resolver.lookAgain() }
        #expect(try !resolver.lookAgain())
        #expect(resolver.hostsFileAddresses(of: try domain("mail.example")) == [try address("192.0.2.2")])
        try await resolver.shutDown(on: testLoop).get()
    }
}
