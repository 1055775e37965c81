import MailVocabulary

/// Outcomes of leases that are over: their recipients are given to nobody any more.
extension WorkScheduler {
    /// Recipients that are finished, though nobody has a lease on them, or somebody else: those that wait are taken out of the line,
    /// and what is read from the store does not bring them back.
    func withdraw(_ indices: [UInt32], of id: QueueID) {
        withdrawals[id, default: []] += indices
        for hop in hops.values {
            hop.arrivedWhileRefilling.removeAll { entry in
                if entry.message.id == id { entry.waiting.removeAll { indices.contains($0.index) } }
                return entry.waiting.isEmpty
            }
            guard let entry = hop.known[id] else { continue }
            count(-entry.waiting.count, of: entry)
            entry.waiting.removeAll { indices.contains($0.index) }
            count(entry.waiting.count, of: entry)
            if entry.waiting.isEmpty, entry.isInLine {
                hop.line.removeAll { $0 === entry }
                entry.isInLine = false
            }
            leaveIfDone(entry)
        }
    }

    /// They are gone from the store.
    func withdrawn(_ indices: [UInt32], of id: QueueID) {
        guard var left = withdrawals.removeValue(forKey: id) else { return }
        for index in indices {
            if let position = left.firstIndex(of: index) { left.remove(at: position) }
        }
        if !left.isEmpty { withdrawals[id] = left }
        // What is being read now may have been read before.
        for hop in hops.values where hop.isRefilling { hop.leftWhileRefilling.insert(id) }
    }

    func isWithdrawn(_ index: UInt32, of id: QueueID) -> Bool {
        !withdrawals.isEmpty && withdrawals[id]?.contains(index) == true
    }
}
