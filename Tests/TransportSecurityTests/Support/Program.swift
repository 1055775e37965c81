import Foundation

/// A program that this project did not write.
enum Program {
    struct Result: Sendable {
        let status: Int32
        /// Both outputs.
        let output: String
    }

    /// Runs it to its end, at most two minutes.
    static func openssl(_ arguments: [String], input: String = "") async throws -> Result {
        try await run("openssl", arguments, input: input)
    }

    static func run(_ name: String, _ arguments: [String], input: String = "") async throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "120", name] + arguments
        let (stdin, output) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = output
        process.standardError = output
        try process.run()
        stdin.fileHandleForWriting.write(Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let reading = output.fileHandleForReading
        // Reading blocks: not on a thread of the concurrency pool.
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread { [reading] in
                let data = reading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(
                    returning: Result(status: process.terminationStatus, output: String(decoding: data, as: UTF8.self)))
            }
        }
    }
}
