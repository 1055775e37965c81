import MailVocabulary
import MessageQueue

/// Which mail an administrator means: one message, or all that the configuration refuses.
enum HeldSelection: Hashable {
    case message(QueueID)
    case refused
}

/// How a request to release or delete ended.
enum HeldEnd: Hashable {
    /// Each message was answered.
    case done
    /// Nothing was begun: too many such requests wait.
    case tooMany
    /// Why the queue cannot be read; what was answered before is done.
    case failed(String)
}

/// What became of a message that was to be released or deleted, in numbers of recipients.
struct HeldAnswer: Hashable {
    let message: QueueID
    /// On their way again.
    var released = 0
    /// Refused again, and held as before.
    var refused = 0
    /// Refused again, and reported to the sender, as the configuration says.
    var reported = 0
    /// Removed from the queue.
    var deleted = 0
    /// With a holder at this moment: they stay.
    var underWay = 0
    /// The last refusal.
    var reason: String?
    /// The message is not in the queue.
    var isAbsent = false

    init(_ message: QueueID) { self.message = message }
    init(absent message: QueueID) { (self.message, isAbsent) = (message, true) }

    var object: JSONObject {
        var object = JSONObject()
        object.add("id", "\(message)")
        object.add("absent", isAbsent)
        object.add("released", released)
        object.add("refused", refused)
        object.add("reported", reported)
        object.add("deleted", deleted)
        object.add("under_way", underWay)
        object.add("reason", reason)
        return object
    }
}
