import Glibc

/// The accounts of this process's threads, as the kernel knows them: each has its own, and the C library keeps them the same.
enum ThreadAccounts {
    /// Whether every thread runs as the account, in all of its ids (`/proc/self/task/*/status`, proc(5)). Also where /proc is not
    /// there to be asked.
    static func all(are account: Account) -> Bool {
        guard let folder = opendir("/proc/self/task") else { return true }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            guard name.first?.isNumber == true, let status = ProcessFile.text(of: "/proc/self/task/\(name)/status") else { continue }
            for line in status.split(separator: "\n") {
                let words = line.split(whereSeparator: \.isWhitespace)
                let expected: String
                switch words.first {
                case "Uid:": expected = "\(account.userID)"
                case "Gid:": expected = "\(account.groupID)"
                default: continue
                }
                if words.dropFirst().contains(where: { $0 != expected }) { return false }
            }
        }
        return true
    }
}
