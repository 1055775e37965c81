import NIOCore

/// One question on its way to the resolver thread.
struct LookupRequest: Sendable {
    /// Absolute, in text form, ASCII.
    let name: String
    let type: RecordType
    let deadline: NIODeadline
    let promise: EventLoopPromise<LookupResult>
}
