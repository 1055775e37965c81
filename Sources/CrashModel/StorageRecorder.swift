import CCrashVFS
import DurableStorage
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Writes down, in order, everything that is done to the files below one folder, whether through SQLite or through `FileSystem`.
///
/// Use `vfsName` for `SQLiteConnection(path:mode:vfs:)` and `fileSystem` wherever a `FileSystem` is asked for. What lies outside
/// the folder is done and not recorded. What is in the folder when recording begins counts as durable.
public final class StorageRecorder: Sendable {
    struct State {
        var steps: [StorageStep] = []
        var attempts = 0
        var fault: (@Sendable (StorageAttempt) -> Int32?)?
        /// The files by the names they have now.
        var names: [String: StorageStep.FileNumber] = [:]
        var nextFile = 1
        var initial: [InitialEntry] = []
    }

    /// What was there when recording began: a file with its content, or a folder.
    struct InitialEntry {
        let path: String
        let file: (number: StorageStep.FileNumber, content: [UInt8])?
    }

    /// The recorded folder, absolute and without symbolic links.
    public let root: String
    /// The name SQLite knows this recorder's VFS by.
    public let vfsName: String
    let state: Mutex<State>
    private let vfs: Mutex<RegisteredVFS?>
    private static let count = Atomic<Int>(0)

    /// - Parameter root: a folder that exists.
    /// - Throws: `FileError` where it cannot be read.
    public init(root: String) throws {
        guard let resolved = realpath(root, nil) else { throw FileError(operation: .open, path: root, errorNumber: errno) }
        defer { free(resolved) }
        self.root = String(cString: resolved)
        vfsName = "postern-crash-\(Self.count.add(1, ordering: .relaxed).newValue)"
        var initial = State()
        try Self.scan(self.root, "", into: &initial)
        state = Mutex(initial)
        vfs = Mutex(nil)
        let hooks = crash_hooks(context: Unmanaged.passRetained(self).toOpaque(), before: vfsBefore, after: vfsAfter)
        guard let registered = crash_vfs_register(vfsName, hooks) else {
            Unmanaged.passUnretained(self).release()
            throw FileError(operation: .open, path: root, errorNumber: ENOMEM)
        }
        vfs.withLock { $0 = RegisteredVFS(pointer: registered) }
    }

    /// A pointer to the registered VFS. Sendable: it is used under the recorder's lock only.
    private struct RegisteredVFS: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// The files of SQLite that are open through the recorder's VFS.
    public var openDatabaseFiles: Int { vfs.withLock { $0.map { Int(crash_vfs_open_files($0.pointer)) } ?? 0 } }

    /// Takes the VFS away again; a recorder lives until then. Does nothing, and returns false, while a database is open through it.
    @discardableResult
    public func close() -> Bool {
        let closed = vfs.withLock { vfs -> Bool in
            guard let registered = vfs, crash_vfs_open_files(registered.pointer) == 0 else { return false }
            crash_vfs_unregister(registered.pointer)
            vfs = nil
            return true
        }
        if closed { Unmanaged.passUnretained(self).release() }
        return closed
    }

    /// The same recorder as a file system.
    public var fileSystem: RecordingFileSystem { RecordingFileSystem(recorder: self) }

    /// Notes what the test knows from here on.
    public func mark(_ text: String) { state.withLock { $0.steps.append(.mark(text)) } }

    /// Asks `fault` before every step from now on: nil lets it happen, an `errno` lets it fail with that. A write that fails is done
    /// half.
    public func inject(_ fault: (@Sendable (StorageAttempt) -> Int32?)?) { state.withLock { $0.fault = fault } }

    /// Everything that was done until now.
    public var steps: [StorageStep] { state.withLock { $0.steps } }

    /// How many steps were tried until now, also those that failed.
    public var attempts: Int { state.withLock { $0.attempts } }

    /// The disk as it was when recording began.
    func initialDisk() -> DiskModel { state.withLock { DiskModel($0.initial) } }

    // MARK: Recording

    /// The path relative to the root; nil for one outside.
    func relative(_ path: String) -> String? {
        guard path.utf8.starts(with: root.utf8), path.utf8.dropFirst(root.utf8.count).first ?? 0x2F == 0x2F else { return nil }
        return path.utf8.dropFirst(root.utf8.count).split(separator: 0x2F).map { String(Substring($0)) }
            .filter { $0 != "." }.joined(separator: "/")
    }

    /// Before a step: the `errno` it is to fail with, or 0, and the number of steps done when it began.
    func begin(_ operation: StorageAttempt.Operation, _ path: String) -> (fault: Int32, ticket: Int) {
        guard let path = relative(path) else { return (0, 0) }
        let (fault, attempt, ticket) = state.withLock { state in
            defer { state.attempts += 1 }
            return (state.fault, StorageAttempt(number: state.attempts, operation: operation, path: path), state.steps.count)
        }
        return (fault?(attempt) ?? 0, ticket)
    }

    func record(_ path: String, _ body: (inout State, String) -> StorageStep?) {
        guard let path = relative(path) else { return }
        state.withLock { state in
            if let step = body(&state, path) { state.steps.append(step) }
        }
    }

    /// The number of the file with this name, which is created if it is not known.
    func fileNumber(_ path: String) -> StorageStep.FileNumber? {
        guard let path = relative(path) else { return nil }
        return state.withLock { state in state.file(path) }
    }

    private static func scan(_ root: String, _ path: String, into state: inout State) throws(FileError) {
        let files = POSIXFileSystem()
        let folder = path.isEmpty ? root : "\(root)/\(path)"
        for name in try files.list(folder).sorted() {
            let below = path.isEmpty ? name : "\(path)/\(name)"
            if try files.status(of: "\(folder)/\(name)")?.isDirectory == true {
                state.initial.append(InitialEntry(path: below, file: nil))
                try scan(root, below, into: &state)
            } else {
                let file = try files.open("\(folder)/\(name)")
                state.initial.append(InitialEntry(path: below, file: (state.nextFile, try file.readAll())))
                state.names[below] = state.nextFile
                state.nextFile += 1
            }
        }
    }
}

extension StorageRecorder.State {
    /// The file with this name; one that is not known is recorded as created now.
    mutating func file(_ path: String) -> StorageStep.FileNumber {
        if let number = names[path] { return number }
        let number = nextFile
        nextFile += 1
        names[path] = number
        steps.append(.createFile(number, StorageStep.Entry(path)))
        return number
    }
}
