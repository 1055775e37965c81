import MessageFormat
import NIOCore

/// What the content of a message passes on its way to the core: as it is relayed, or as it is submitted by its author's program.
///
/// One of the two is there. Not an enum: its payload could not be changed where it lies.
struct HeaderFilter {
    private var relayed: IncomingHeaderFilter?
    private var submitted: SubmittedHeaderFilter?

    init(relayed filter: IncomingHeaderFilter) { relayed = filter }
    init(submitted filter: SubmittedHeaderFilter) { submitted = filter }

    /// The `Received` fields so far (E10).
    var receivedCount: Int { relayed?.receivedCount ?? submitted?.receivedCount ?? 0 }

    mutating func process(_ chunk: ByteBuffer, into output: inout [ByteBuffer]) {
        relayed?.process(chunk, into: &output)
        submitted?.process(chunk, into: &output)
    }

    mutating func finish(into output: inout [ByteBuffer]) {
        relayed?.finish(into: &output)
        submitted?.finish(into: &output)
    }
}
