import Foundation
import Logging
import Testing

@testable import ServiceRuntime

@Suite("the log handler")
struct PosternLogHandlerTests {
    struct Failure: Error, CustomStringConvertible {
        var description: String { "no space left" }
    }

    let pipe = LogPipe()
    let threshold = LogThreshold(.info)

    func logger(_ format: LogFormat = .json, provider: Logger.MetadataProvider? = nil) -> Logger {
        Logger(label: "test") { _ in
            var handler = PosternLogHandler(process: "core", format: format, threshold: threshold, sink: pipe.sink)
            handler.metadataProvider = provider
            return handler
        }
    }

    func objects() throws -> [[String: Any]] {
        try pipe.read().split(separator: 0x0A).map { try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any]) }
    }

    @Test("lines below the level are not written, and a reload changes the level of loggers that exist")
    func levels() throws {
        let logger = logger()
        logger.debug("unheard")
        logger.info("one")
        threshold.level = .debug
        logger.debug("two")
        threshold.level = .error
        logger.warning("unheard")
        logger.error("three")
        #expect(try objects().map { $0["message"] as? String } == ["one", "two", "three"])
    }

    @Test("a logger that was given a level keeps it, and its copies are values")
    func ownLevel() throws {
        var first = logger()
        var second = first
        second.logLevel = .trace
        second[metadataKey: "who"] = "second"
        first[metadataKey: "who"] = "first"
        first.trace("unheard")
        second.trace("heard")
        first.info("heard")
        let lines = try objects()
        #expect(lines.map { $0["who"] as? String } == ["second", "first"])
        #expect(lines.map { $0["level"] as? String } == ["trace", "info"])
    }

    @Test("an event's metadata goes over the logger's, and the logger's over the task's")
    func merging() throws {
        var logger = logger(provider: .init { ["a": "task", "b": "task", "c": "task"] })
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.info("m", metadata: ["c": "event", "queue_id": "Q1"])
        let line = try #require(try objects().first)
        #expect(line["a"] as? String == "task")
        #expect(line["b"] as? String == "logger")
        #expect(line["c"] as? String == "event")
        #expect(line[PosternLogHandler.queueIDKey] as? String == "Q1")
        #expect(line["process"] as? String == "core")
    }

    @Test("an error that is logged has its own field")
    func errors() throws {
        logger().error("cannot store", error: Failure())
        #expect(try objects().first?["error"] as? String == "no space left")
    }

    @Test("a line goes out by one write, without a buffer that a crash could lose")
    func oneWrite() throws {
        let logger = logger(.text)
        logger.info("first")
        #expect(pipe.text().hasSuffix("core: first\n"))
        logger.info("second")
        #expect(pipe.text().hasSuffix("core: second\n"))
    }

    @Test("automatic is JSON where nobody reads along")
    func automatic() throws {
        logger(.automatic).info("m")
        #expect(try objects().count == 1)
    }

    @Test("a log that nobody reads loses lines, counts them, and stops nobody")
    func fullPipe() throws {
        let logger = logger()
        let long = Logger.Message(stringLiteral: String(repeating: "x", count: 4000))
        for _ in 0..<1000 { logger.info(long) }
        #expect(pipe.sink.lostLines > 0)
        _ = pipe.read()
        logger.info("heard again")
        #expect(pipe.text().contains("heard again"))
    }

    @Test("lines of many threads do not mix")
    func threads() async throws {
        let logger = logger()
        await withTaskGroup { group in
            for number in 0..<100 { group.addTask { logger.info("message \(number)") } }
        }
        #expect(Set(try objects().compactMap { $0["message"] as? String }).count == 100)
    }
}
