import Glibc

/// A Unix account that a process runs as.
public struct Account: Hashable, Sendable {
    public let name: String
    public let userID: UInt32
    public let groupID: UInt32

    public init(name: String, userID: UInt32, groupID: UInt32) {
        self.name = name
        self.userID = userID
        self.groupID = groupID
    }

    /// The account of that name, from the system's user database.
    ///
    /// - Throws: ``AccountError/unknown(name:)``, or ``AccountError/lookupFailed(name:errno:)`` where the database did not answer.
    public static func named(_ name: String) throws(AccountError) -> Account {
        let found = lookUp { getpwnam_r(name, $0, $1, $2, $3) }
        guard found.errno == 0 else { throw .lookupFailed(name: name, errno: found.errno) }
        guard let account = found.account else { throw .unknown(name: name) }
        return account
    }

    /// The account that this process acts as: its effective user and group. An id without an entry is its own name (`1234`).
    public static var current: Account {
        let userID = geteuid()
        let entry = lookUp { getpwuid_r(userID, $0, $1, $2, $3) }.account
        return Account(name: entry?.name ?? String(userID), userID: userID, groupID: getegid())
    }

    /// The account with that user id, from the system's user database; nil where there is none.
    ///
    /// - Throws: ``AccountError/lookupFailed(name:errno:)`` where the database did not answer.
    public static func of(userID: UInt32) throws(AccountError) -> Account? {
        let found = lookUp { getpwuid_r(userID, $0, $1, $2, $3) }
        guard found.errno == 0 else { throw .lookupFailed(name: String(userID), errno: found.errno) }
        return found.account
    }

    /// Whether this process may become any account.
    public static var isSuperuser: Bool { geteuid() == 0 }

    /// Octets that an entry of the user database may take.
    private static let largestEntry = 1 << 20

    private typealias Lookup = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func lookUp(_ call: Lookup) -> (account: Account?, errno: Int32) {
        var size = 4096
        while true {
            let answer: (account: Account?, errno: Int32) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
                var entry = passwd()
                var result: UnsafeMutablePointer<passwd>?
                guard let start = buffer.baseAddress else { return (nil, ENOMEM) }
                let code = call(&entry, start, size, &result)
                guard code == 0, let found = result?.pointee else {
                    // POSIX says 0 for "no such entry"; the others are what libc and its modules say instead (getpwnam(3)).
                    return (nil, [0, ENOENT, ESRCH, EBADF, EPERM].contains(code) ? 0 : code)
                }
                return (Account(name: String(cString: found.pw_name), userID: found.pw_uid, groupID: found.pw_gid), 0)
            }
            guard answer.errno == ERANGE, size < largestEntry else { return answer.errno == EINTR ? lookUp(call) : answer }
            size *= 4
        }
    }
}

extension Account: CustomStringConvertible {
    public var description: String { name }
}
