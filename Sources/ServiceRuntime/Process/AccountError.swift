import Glibc

/// Why a process cannot run as an account.
public enum AccountError: Error, Hashable, Sendable {
    /// The system has no account of that name.
    case unknown(name: String)
    /// The user database did not answer.
    case lookupFailed(name: String, errno: Int32)
    /// Only root can become somebody else.
    case notPermitted(from: Account, to: Account)
    /// A system call on the way failed.
    case callFailed(call: String, account: Account, errno: Int32)
    /// After the change something of the old account was left.
    case incomplete(account: Account, what: String)
}

extension AccountError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknown(let name):
            "there is no Unix account \"\(name)\""
        case .lookupFailed(let name, let code):
            "cannot look up the Unix account \"\(name)\": \(Self.text(code))"
        case .notPermitted(let from, let to):
            "cannot run as \"\(to)\": this process runs as \"\(from)\", and only root can become another account"
        case .callFailed(let call, let account, let code):
            "cannot run as \"\(account)\": \(call): \(Self.text(code))"
        case .incomplete(let account, let what):
            "cannot run as \"\(account)\": \(what)"
        }
    }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
