import DurableStorage

/// The file system of the machine, with every change below the recorder's folder written down.
public struct RecordingFileSystem: FileSystem {
    let recorder: StorageRecorder
    private let system = POSIXFileSystem()

    init(recorder: StorageRecorder) { self.recorder = recorder }

    public func create(_ path: String, mode: UInt32) throws(FileError) -> any OpenFile {
        try begin(.create, .create, path)
        let file = try system.create(path, mode: mode)
        return RecordingFile(file, number: recorder.fileNumber(path), recorder: recorder)
    }

    public func open(_ path: String) throws(FileError) -> any OpenFile { try system.open(path) }

    public func rename(_ path: String, to newPath: String) throws(FileError) {
        try begin(.rename, .rename, path)
        try system.rename(path, to: newPath)
        guard let target = recorder.relative(newPath) else { return }
        recorder.record(path) { state, path in
            let file = state.file(path)
            state.names[path] = nil
            state.names[target] = file
            return .rename(file, from: StorageStep.Entry(path), to: StorageStep.Entry(target))
        }
    }

    public func link(_ path: String, to newPath: String) throws(FileError) {
        try begin(.link, .link, newPath)
        try system.link(path, to: newPath)
        guard let source = recorder.relative(path) else { return }
        recorder.record(newPath) { state, newPath in
            let file = state.file(source)
            state.names[newPath] = file
            return .link(file, StorageStep.Entry(newPath))
        }
    }

    public func unlink(_ path: String) throws(FileError) {
        try begin(.unlink, .unlink, path)
        try system.unlink(path)
        recorder.record(path) { state, path in
            state.names[path] = nil
            return .unlink(StorageStep.Entry(path))
        }
    }

    public func makeDirectory(_ path: String, mode: UInt32) throws(FileError) {
        try begin(.makeDirectory, .makeDirectory, path)
        try system.makeDirectory(path, mode: mode)
        recorder.record(path) { _, path in .makeDirectory(StorageStep.Entry(path)) }
    }

    public func syncDirectory(_ path: String) throws(FileError) {
        let begun = try begin(.syncDirectory, .syncDirectory, path)
        try system.syncDirectory(path)
        recorder.record(path) { _, path in .syncDirectory(path, upTo: begun) }
    }

    public func forEachName(in directory: String, _ visit: (String) -> Bool) throws(FileError) {
        try system.forEachName(in: directory, visit)
    }

    public func status(of path: String) throws(FileError) -> FileStatus? { try system.status(of: path) }

    @discardableResult
    private func begin(
        _ attempt: StorageAttempt.Operation, _ operation: FileError.Operation, _ path: String
    ) throws(FileError) -> Int {
        let (fault, ticket) = recorder.begin(attempt, path)
        if fault != 0 { throw FileError(operation: operation, path: path, errorNumber: fault) }
        return ticket
    }
}
