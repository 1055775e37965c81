import MailVocabulary

/// The holders that the core remembered when it ended, and what a restarted one still takes from each: what it holds, said once. A value.
struct EarlierHolders {
    private enum Standing: Hashable {
        /// Waited for: it may say what it holds.
        case awaited
        /// It has said it, and the store is being asked.
        case presenting
        /// It did not come in time: what it holds has been given to others, or will be.
        case late
    }

    private var records: [UInt64: HolderRecord] = [:]
    private var standings: [UInt64: Standing] = [:]

    init(_ records: [HolderRecord]) {
        for record in records { (self.records[record.id], standings[record.id]) = (record, .awaited) }
    }

    /// Whether it is still too early to give out work.
    var isWaiting: Bool { standings.values.contains { $0 != .late } }

    /// The role of a holder that has not come back yet.
    func carrier(of id: UInt64) -> Carrier? { records[id]?.carrier }

    enum Return: Hashable {
        /// It was remembered: what it presents may be its own still.
        case inTime
        /// It was remembered, and comes too late: what it presents is not its own any more, but it was.
        case late
        /// Nobody knows it, or it was here before: it can hold nothing of the last run.
        case unknown
    }

    /// A holder presents what it holds.
    mutating func present(_ holder: HolderRecord) -> Return {
        guard let record = records[holder.id], record.carrier == holder.carrier, record.isSameProcess(as: holder) else { return .unknown }
        switch standings[holder.id] {
        case .awaited:
            standings[holder.id] = .presenting
            return .inTime
        case .late:
            forget(holder.id)
            return .late
        case .presenting, nil: return .unknown
        }
    }

    func isPresenting(_ id: UInt64) -> Bool { standings[id] == .presenting }

    mutating func forget(_ id: UInt64) { (records[id], standings[id]) = (nil, nil) }

    /// The time to come back is over.
    ///
    /// - Returns: those that did not.
    mutating func expire() -> [UInt64] {
        let missing = standings.filter { $0.value == .awaited }.map(\.key)
        for id in missing { standings[id] = .late }
        return missing
    }
}

extension HolderRecord {
    /// 0 is a process in another PID namespace, from which no number tells.
    fileprivate func isSameProcess(as other: HolderRecord) -> Bool {
        processID == other.processID || processID == 0 || other.processID == 0
    }
}
