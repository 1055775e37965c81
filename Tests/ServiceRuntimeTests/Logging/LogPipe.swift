import Glibc

@testable import ServiceRuntime

/// A pipe that collects what a log writes.
final class LogPipe {
    let sink: LogSink
    private let reading: Int32
    private let writing: Int32

    init() {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0 && ends.allSatisfy { fcntl($0, F_SETFL, O_NONBLOCK) == 0 })
        (reading, writing) = (ends[0], ends[1])
        sink = LogSink(descriptor: writing)
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// What was written since the last call, at most `limit` octets of it.
    func read(limit: Int = 1 << 20) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = Glibc.read(reading, &buffer, limit)
        return Array(buffer.prefix(max(0, count)))
    }

    func text() -> String { String(decoding: read(), as: UTF8.self) }
}
