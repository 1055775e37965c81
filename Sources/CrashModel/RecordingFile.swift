import DurableStorage
import Synchronization

/// A new file whose writes and syncs are written down.
final class RecordingFile: OpenFile {
    private let file: any OpenFile
    /// nil where the file lies outside the recorded folder.
    private let number: StorageStep.FileNumber?
    private let recorder: StorageRecorder
    /// Where the next write goes.
    private let position = Mutex(0)

    init(_ file: any OpenFile, number: StorageStep.FileNumber?, recorder: StorageRecorder) {
        (self.file, self.number, self.recorder) = (file, number, recorder)
    }

    var path: String { file.path }

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        let (fault, _) = recorder.begin(.write, path)
        let written = fault == 0 ? bytes : UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)])
        try file.write(written)
        let offset = position.withLock { position in
            defer { position += written.count }
            return position
        }
        if let number, !written.isEmpty {
            let copy = Array(written)
            recorder.record(path) { _, path in .write(number, offset: offset, bytes: copy, path: path) }
        }
        if fault != 0 { throw FileError(operation: .write, path: path, errorNumber: fault) }
    }

    func sync() throws(FileError) {
        let (fault, begun) = recorder.begin(.sync, path)
        var failure: FileError?
        if fault == 0 {
            do throws(FileError) { try file.sync() } catch { failure = error }
        } else {
            failure = FileError(operation: .sync, path: path, errorNumber: fault)
        }
        if let number {
            recorder.record(path) { _, path in
                failure == nil ? .sync(number, upTo: begun, path: path) : .failedSync(number, path: path)
            }
        }
        if let failure { throw failure }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func size() throws(FileError) -> Int { try file.size() }

    func close() throws(FileError) { try file.close() }
}
