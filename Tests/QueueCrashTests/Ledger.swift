import MailVocabulary
import MessageQueue

/// What has been promised: the transactions of a run, and which of them had been answered when the power went.
///
/// A run marks `begin n` before it applies transaction n, then `done n` or `failed n`; `opened n` when it has found its base among
/// the candidates of the run before; `epoch n` for each epoch it was given.
struct Ledger {
    /// What the queue may be when the run begins: more than one where the power went while a transaction was under way.
    var bases: [QueueState] = [QueueState()]
    var lastEpoch: UInt32 = 0
    /// The largest id that was ever acknowledged.
    var largestID: Int64 = 0
    var transactions: [[StoreOperation]] = []
    var files: [QueueID: [UInt8]] = [:]

    /// What the queue may be after a power loss.
    ///
    /// - Returns: a ledger for the next run, with one base where nothing was under way, and two otherwise: with and without it.
    func after(_ marks: [String]) -> Ledger {
        var next = Ledger(bases: bases, lastEpoch: lastEpoch, largestID: largestID)
        next.files = files
        var open: Int?
        for mark in marks {
            let words = mark.split(separator: " ")
            guard words.count == 2, let number = Int(words[1]) else { continue }
            switch words[0] {
            case "opened": next.bases = [next.bases[number]]
            case "epoch": next.lastEpoch = UInt32(number)
            case "begin": open = number
            case "failed": open = nil
            case "done":
                open = nil
                next.apply(transactions[number])
            default: break
            }
        }
        if let open {
            var with = next.bases[0]
            for operation in transactions[open] { with.apply(operation, files: files) }
            next.bases.append(with)
        }
        return next
    }

    private mutating func apply(_ operations: [StoreOperation]) {
        for operation in operations {
            for index in bases.indices { bases[index].apply(operation, files: files) }
            switch operation {
            case .enqueue(let message): largestID = max(largestID, message.id.value)
            case .settle(_, _, let reports): largestID = max(largestID, reports.map(\.id.value).max() ?? 0)
            case .rememberHolder, .forgetHolder, .hold, .reconfigured, .clockWasSet, .unreachable, .reachable: break
            }
        }
    }
}

extension Ledger {
    /// The same transactions, before the first of them.
    func starting(from ledger: Ledger) -> Ledger {
        var start = ledger
        (start.transactions, start.files) = (transactions, files)
        return start
    }

    var atStart: Ledger { starting(from: Ledger()) }
}
