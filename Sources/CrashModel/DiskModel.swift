/// A disk behind a cache: what is durable, and what a power loss may still take away.
struct DiskModel {
    /// A change that is not, or not wholly, durable.
    fileprivate struct Pending<Change> {
        let step: Int
        let change: Change
        /// Synced, and kept here only because a change before it is not durable.
        var isCertain = false
        /// A sync failed while it was in the cache: it may be lost whatever later syncs say.
        var isDoubtful = false
    }

    fileprivate enum ContentChange {
        case write(offset: Int, bytes: [UInt8])
        case truncate(size: Int)
    }

    fileprivate struct File {
        var durable: [UInt8] = []
        var pending: [Pending<ContentChange>] = []
    }

    enum Node: Hashable {
        case file(StorageStep.FileNumber)
        case directory
    }

    fileprivate struct EntryChange {
        let name: String
        /// nil: the name is gone.
        let node: Node?
        /// For the old name of a rename: the folder with the new one.
        let renamedInto: String?
    }

    fileprivate struct Directory {
        var durable: [String: Node] = [:]
        var pending: [Pending<EntryChange>] = []
    }

    private var files: [StorageStep.FileNumber: File] = [:]
    private var directories: [String: Directory] = ["": Directory()]
    /// The number of the next step.
    private(set) var position = 0

    /// - Parameter initial: folders and files that are durable, parents first.
    init(_ initial: [StorageRecorder.InitialEntry]) {
        for item in initial {
            let entry = StorageStep.Entry(item.path)
            if let (number, content) = item.file {
                files[number] = File(durable: content)
                directories[entry.directory, default: Directory()].durable[entry.name] = .file(number)
            } else {
                directories[item.path] = Directory()
                directories[entry.directory, default: Directory()].durable[entry.name] = .directory
            }
        }
    }

    /// Does the next step.
    mutating func apply(_ step: StorageStep) {
        switch step {
        case .createFile(let number, let entry):
            files[number] = File()
            change(entry, to: .file(number))
        case .makeDirectory(let entry):
            directories[entry.description] = Directory()
            change(entry, to: .directory)
        case .write(let number, let offset, let bytes, _):
            files[number]?.pending.append(Pending(step: position, change: .write(offset: offset, bytes: bytes)))
        case .truncate(let number, let size, _):
            files[number]?.pending.append(Pending(step: position, change: .truncate(size: size)))
        case .sync(let number, let end, _):
            files[number]?.sync(upTo: end)
        case .failedSync(let number, _):
            if let count = files[number]?.pending.count {
                for index in 0..<count { files[number]?.pending[index].isDoubtful = true }
            }
        case .syncDirectory(let path, let end):
            directories[path]?.sync(upTo: end, path: path)
        case .rename(let number, let from, let to):
            change(to, to: .file(number))
            change(from, to: nil, renamedInto: to.directory)
        case .link(let number, let entry):
            change(entry, to: .file(number))
        case .unlink(let entry):
            change(entry, to: nil)
        case .mark:
            break
        }
        position += 1
    }

    private mutating func change(_ entry: StorageStep.Entry, to node: Node?, renamedInto: String? = nil) {
        directories[entry.directory, default: Directory()].pending.append(
            Pending(step: position, change: EntryChange(name: entry.name, node: node, renamedInto: renamedInto)))
    }

    // MARK: After the power loss

    /// What is on the disk if the power goes now.
    func image(_ policy: CrashPolicy) -> CrashImage {
        let first = min(
            files.values.compactMap { $0.pending.first?.step }.min() ?? position,
            directories.values.compactMap { $0.pending.first?.step }.min() ?? position)
        let decisions = CrashDecisions(policy, point: position, pending: first..<position)
        var image = CrashImage()
        collect("", into: &image, decisions)
        return image
    }

    private func collect(_ path: String, into image: inout CrashImage, _ decisions: CrashDecisions) {
        for (name, node) in entries(of: path, decisions).sorted(by: { $0.key < $1.key }) {
            let below = path.isEmpty ? name : "\(path)/\(name)"
            switch node {
            case .directory:
                image.directories.append(below)
                collect(below, into: &image, decisions)
            case .file(let number):
                image.files.append((below, number))
                if image.contents[number] == nil { image.contents[number] = files[number]?.content(decisions) ?? [] }
            }
        }
    }

    private func entries(of path: String, _ decisions: CrashDecisions) -> [String: Node] {
        guard let directory = directories[path] else { return [:] }
        var entries = directory.durable
        for pending in directory.pending {
            let isKept: Bool
            if let target = pending.change.renamedInto {
                isKept =
                    keepsNewName(pending.step, in: target, decisions)
                    && (pending.isCertain || decisions.keepsRemovalOfRename(pending.step))
            } else {
                isKept = pending.isCertain || decisions.keepsEntry(pending.step)
            }
            if isKept { entries[pending.change.name] = pending.change.node }
        }
        return entries
    }

    private func keepsNewName(_ step: Int, in directory: String, _ decisions: CrashDecisions) -> Bool {
        let addition = directories[directory]?.pending.first { $0.step == step && $0.change.renamedInto == nil }
        // Not pending any more: durable.
        guard let addition else { return true }
        return addition.isCertain || decisions.keepsEntry(step)
    }
}

extension DiskModel.File {
    fileprivate mutating func sync(upTo end: Int) {
        for index in pending.indices where pending[index].step < end && !pending[index].isDoubtful { pending[index].isCertain = true }
        // Changes become part of the durable content in their order only.
        let count = pending.prefix { $0.isCertain }.count
        for pending in pending[..<count] { DiskModel.File.apply(pending.change, to: &durable, without: nil) }
        pending.removeFirst(count)
    }

    fileprivate func content(_ decisions: CrashDecisions) -> [UInt8] {
        var content = durable
        let isKept = pending.map { $0.isCertain || decisions.keepsContent($0.step) }
        let lastKept = isKept.lastIndex(of: true)
        for (index, pending) in pending.enumerated() {
            guard case .write(let offset, let bytes) = pending.change, !bytes.isEmpty else {
                if isKept[index] { Self.apply(pending.change, to: &content, without: nil) }
                continue
            }
            if isKept[index] {
                let torn = index == lastKept && !pending.isCertain
                let sectors = offset / 512..<(offset + bytes.count - 1) / 512 + 1
                Self.apply(pending.change, to: &content, without: torn ? decisions.tear(pending.step, sectors: sectors) : nil)
            } else if offset + bytes.count > content.count, decisions.growsWithoutContent(pending.step) {
                content.append(contentsOf: repeatElement(0, count: offset + bytes.count - content.count))
            }
        }
        return content
    }

    /// - Parameter lost: sectors of 512 octets that keep what was there.
    private static func apply(_ change: DiskModel.ContentChange, to content: inout [UInt8], without lost: Set<Int>?) {
        switch change {
        case .truncate(let size):
            if size < content.count {
                content.removeSubrange(size...)
            } else {
                content.append(contentsOf: repeatElement(0, count: size - content.count))
            }
        case .write(let offset, let bytes):
            guard let lost else {
                if content.count < offset + bytes.count {
                    content.append(contentsOf: repeatElement(0, count: offset + bytes.count - content.count))
                }
                content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
                return
            }
            for (index, byte) in bytes.enumerated() where !lost.contains((offset + index) / 512) {
                if content.count <= offset + index {
                    content.append(contentsOf: repeatElement(0, count: offset + index + 1 - content.count))
                }
                content[offset + index] = byte
            }
        }
    }
}

extension DiskModel.Directory {
    fileprivate mutating func sync(upTo end: Int, path: String) {
        for index in pending.indices where pending[index].step < end { pending[index].isCertain = true }
        // In their order; and the old name of a rename goes for good only with the new one, which is another folder's to say.
        let count = pending.prefix { $0.isCertain && ($0.change.renamedInto == nil || $0.change.renamedInto == path) }.count
        for pending in pending[..<count] { durable[pending.change.name] = pending.change.node }
        pending.removeFirst(count)
    }
}
