/// Part of the state is there, and another part is not: nothing is made anew, and nothing has been changed.
public struct MissingState: Error, Hashable, Sendable {
    public enum Part: Hashable, Sendable {
        case databases([StateFolder.Database])
        /// The folder of the content files, while the queue names content in files.
        case contentFolder
    }

    public let folder: StateFolder
    public let part: Part
    public let contents: StateContents

    public init(_ part: Part, in folder: StateFolder, _ contents: StateContents) {
        (self.part, self.folder, self.contents) = (part, folder, contents)
    }

    /// What was found beside what is missing.
    private var found: String {
        var words = StateFolder.Database.allCases.filter(contents.present.contains).map(\.fileName)
        words += StateFolder.Database.allCases.filter(contents.remains.contains).map { "the log of \($0.fileName)" }
        switch contents.contentFiles {
        case 0: break
        case 1: words.append("a file in content/")
        case StateContents.mostCounted...: words.append("\(StateContents.mostCounted) or more files in content/")
        default: words.append("\(contents.contentFiles) files in content/")
        }
        return words.joined(separator: ", ")
    }
}

extension MissingState: CustomStringConvertible {
    public var description: String {
        switch part {
        case .databases(let databases):
            let names = databases.map(\.fileName).joined(separator: " and ")
            let holds = databases.map(\.holds).joined(separator: ", ")
            let commands = databases.map { "`postern recover \($0.rawValue) --accept-missing`" }.joined(separator: " and ")
            return "\(folder.path) has no \(names) (\(holds)), but this is there: \(found). Nothing was made anew. "
                + "Mount the volume or restore the backup; only if the data is lost for good, run \(commands) and start again"
        case .contentFolder:
            return "\(folder.path) has no content/ folder, but queue.sqlite names messages whose content lies there. Nothing was made "
                + "anew. Mount the volume or restore the backup; only if the content is lost for good, make the empty folder "
                + "\(folder.contentPath) for the core's account and start again"
        }
    }
}
