/// What a daemon says to the `postern up` that started it.
public enum SupervisorWord: Hashable, Sendable {
    /// It does its work from now on.
    case ready
    /// The core holds the directories of its system: no other system runs in them.
    case holds
    /// The core runs with this revision of the configuration.
    case runs(revision: String)

    static let readyOctet = UInt8(ascii: "R")
    static let holdsOctet = UInt8(ascii: "H")
    static let revisionOctet = UInt8(ascii: "C")
    /// Octets of a revision.
    static let revisionLength = 16

    /// nil where the revision is none.
    var octets: [UInt8]? {
        switch self {
        case .ready: return [Self.readyOctet]
        case .holds: return [Self.holdsOctet]
        case .runs(let revision):
            let octets = Array(revision.utf8)
            return octets.count == Self.revisionLength ? [Self.revisionOctet] + octets : nil
        }
    }

    /// Takes the words out of what came in, and leaves what may become one.
    ///
    /// - Returns: nil where no daemon of ours says such a thing.
    public static func take(from octets: inout [UInt8]) -> [SupervisorWord]? {
        var words: [SupervisorWord] = []
        while let first = octets.first {
            switch first {
            case readyOctet:
                words.append(.ready)
                octets.removeFirst()
            case holdsOctet:
                words.append(.holds)
                octets.removeFirst()
            case revisionOctet:
                guard octets.count > revisionLength else { return words }
                words.append(.runs(revision: String(decoding: octets[1...revisionLength], as: UTF8.self)))
                octets.removeFirst(1 + revisionLength)
            default: return nil
            }
        }
        return words
    }
}
