import CCrashVFS
import DurableStorage

/// `crash_hooks.before`.
func vfsBefore(context: UnsafeMutableRawPointer?, step: UnsafePointer<crash_step>?, ticket: UnsafeMutablePointer<UInt64>?) -> Int32 {
    guard let context, let step = step?.pointee, let path = step.path else { return 0 }
    let recorder = Unmanaged<StorageRecorder>.fromOpaque(context).takeUnretainedValue()
    let operation: StorageAttempt.Operation =
        switch step.operation {
        case CRASH_OPEN: .open
        case CRASH_WRITE: .write
        case CRASH_TRUNCATE: .truncate
        case CRASH_SYNC: .sync
        case CRASH_DELETE: .unlink
        default: .syncDirectory
        }
    let (fault, begun) = recorder.begin(operation, String(cString: path))
    ticket?.pointee = UInt64(begun)
    return fault
}

/// `crash_hooks.after`.
func vfsAfter(context: UnsafeMutableRawPointer?, step: UnsafePointer<crash_step>?, ticket: UInt64, failed: Int32) -> UInt64 {
    guard let context, let step = step?.pointee, let path = step.path.map({ String(cString: $0) }) else { return 0 }
    let recorder = Unmanaged<StorageRecorder>.fromOpaque(context).takeUnretainedValue()
    let file = StorageStep.FileNumber(step.file)
    switch step.operation {
    case CRASH_OPEN:
        return recorder.fileNumber(path).map { UInt64($0) } ?? 0
    case CRASH_WRITE where failed == 0:
        let bytes = Array(UnsafeRawBufferPointer(start: step.bytes, count: Int(step.count)))
        recorder.record(path) { _, path in .write(file, offset: Int(step.offset), bytes: bytes, path: path) }
    case CRASH_TRUNCATE where failed == 0:
        recorder.record(path) { _, path in .truncate(file, size: Int(step.offset), path: path) }
    case CRASH_SYNC:
        recorder.record(path) { _, path in
            failed == 0 ? .sync(file, upTo: Int(ticket), path: path) : .failedSync(file, path: path)
        }
    case CRASH_DELETE where failed == 0:
        recorder.record(path) { state, path in
            state.names[path] = nil
            return .unlink(StorageStep.Entry(path))
        }
    case CRASH_SYNC_FOLDER:
        recorder.record(FilePath.parent(of: path)) { state, path in
            .syncDirectory(path, upTo: ticket == .max ? state.steps.count : Int(ticket))
        }
    default:
        break
    }
    return 0
}
