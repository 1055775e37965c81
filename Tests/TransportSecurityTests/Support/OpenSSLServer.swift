import Foundation
import Synchronization

@testable import TransportSecurity

/// `openssl s_server` on loopback.
final class OpenSSLServer {
    private static let next = Mutex(30_000 + Int(getpid()) * 41 % 2_000)
    private let process = Process()
    private let input = Pipe()
    let port: Int

    init(_ arguments: [String]) throws {
        // Below the range that the kernel gives out by itself.
        port = Self.next.withLock { next in
            next = next >= 32_500 ? 30_000 : next + 1
            return next
        }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-quiet"] + arguments
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Connects as soon as it listens.
    func connect(_ context: ClientContext, _ peer: PeerReference) async throws -> TestClient {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            do {
                let client = try await TestClient(port: port, tls: context, peer: peer)
                if try await client.settled().handshake != nil || ContinuousClock.now > end { return client }
            } catch  where ContinuousClock.now < end {}
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func stop() {
        // It inherits a mask in which gentler signals may be blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
