import CrashModel
import Dispatch
import MailVocabulary
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import CoreService

@Suite("The core takes another configuration")
struct ReloadTests {
    @Test("kind: while a large configuration is read and compiled, mail comes in; reloads are done one after the other")
    func offTheLoop() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        let (isReading, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let readings = Mutex(0)
        let core = try await CoreUnderTest(
            recorder, on: group.next(),
            beforeReading: {
                readings.withLock { $0 += 1 }
                isReading.signal()
                mayGoOn.wait()
            })
        let reloads = try await core.run { core in [core.reload(), core.reload()] }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                isReading.wait()
                continuation.resume()
            }
        }
        // Were it read on the loop, this would wait for good.
        _ = try await core.submit(Array("Subject: x\r\n\r\nhello\r\n".utf8))
        #expect(try await core.counts().messages == 1)
        #expect(readings.withLock { $0 } == 1, "the second waits for the first")
        mayGoOn.signal()
        mayGoOn.signal()
        for reload in reloads {
            let result = try await reload.get()
            #expect((try? result.get().revision) == core.revision)
        }
        #expect(readings.withLock { $0 } == 2)
        try await core.close()
        try await group.shutdownGracefully()
    }
}
