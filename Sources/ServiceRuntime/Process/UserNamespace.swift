/// The user namespace of this process (user_namespaces(7)). In one of its own, as `PrivateUsers=` makes, the accounts of others have no
/// number: the kernel tells all of them by the same one.
enum UserNamespace {
    /// Whether the kernel can tell this account from others; also where its table cannot be read.
    static func has(_ userID: UInt32) -> Bool {
        ProcessFile.text(of: "/proc/self/uid_map").map { has(userID, in: $0) } ?? true
    }

    /// An account that only a namespace of all accounts has a number for.
    static let unmapped: UInt32 = 4_000_000_000

    /// - Parameter table: lines of the first account within, the first without, and their number.
    static func has(_ userID: UInt32, in table: String) -> Bool {
        let lines = table.split(separator: "\n").map { $0.split(separator: " ").compactMap { UInt64($0) } }.filter { $0.count == 3 }
        return lines.isEmpty || lines.contains { $0[0] <= UInt64(userID) && UInt64(userID) - $0[0] < $0[2] }
    }
}
