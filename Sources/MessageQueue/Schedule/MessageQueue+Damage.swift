import MailVocabulary

/// Messages that cannot be read any more: held, and said, while all others go on.
extension MessageQueue {
    /// Between two attempts to read a message whose envelope cannot be read. Nobody knows its sender, so nobody can be told: it is said
    /// in the log each time.
    static let unreadableInterval = Duration.seconds(24 * 60 * 60)
    /// Where even that cannot be written.
    static let unwritableInterval = Duration.seconds(60 * 60)

    func hold(_ unreadable: [UnreadableMessage]) {
        let now = self.now()
        for message in unreadable where unreadableUntil[message.id].map({ $0 <= now }) ?? true {
            let until = now + Self.unreadableInterval
            // A queue with more damage than this is damaged as a whole; what is forgotten here is said again.
            if unreadableUntil.count >= 10_000 { unreadableUntil.removeAll() }
            unreadableUntil[message.id] = now + Self.unwritableInterval
            report(.unreadable(message, until: until))
            store.submit(.hold(message.id, until: until, message.damage)) { [weak self] result in
                guard let self else { return }
                switch result {
                case .success:
                    unreadableUntil[message.id] = nil
                    deferred(until: until)
                case .failure(let error): report(.readFailed("\(error)"))
                }
            }
        }
    }
}
