import Glibc

/// What a process may do by its account.
public enum Privileges {
    /// Makes this process run as an account, with that account's groups, for good.
    ///
    /// Before any thread exists that does work: glibc changes all threads of the process, but files that one opened meanwhile stay open.
    /// A process that already is the account keeps its groups. After a throw the process is between two accounts and must end.
    ///
    /// - Throws: ``AccountError``, also when the change can be undone afterwards.
    public static func drop(to account: Account) throws(AccountError) {
        if geteuid() == account.userID, getuid() == account.userID, getegid() == account.groupID, getgid() == account.groupID {
            return
        }
        guard geteuid() == 0 else { throw .notPermitted(from: .current, to: account) }
        // Groups first: without root they cannot be changed any more.
        guard initgroups(account.name, account.groupID) == 0 else {
            throw .callFailed(call: "initgroups", account: account, errno: errno)
        }
        // As root these set the real, the effective and the saved id (setuid(2)).
        guard setgid(account.groupID) == 0 else {
            throw .callFailed(call: "setgid", account: account, errno: errno)
        }
        guard setuid(account.userID) == 0 else {
            throw .callFailed(call: "setuid", account: account, errno: errno)
        }
        try verify(account)
    }

    /// Makes this process run as `run_as` says for its role, where it can: root becomes that account, anybody else stays who they are.
    ///
    /// - Parameter name: the account of `run_as`; nil where it names none.
    /// - Returns: who this process runs as from now on.
    /// - Throws: ``AccountError``
    @discardableResult
    public static func assume(accountNamed name: String?) throws(AccountError) -> Account {
        guard let name, Account.isSuperuser else { return .current }
        let account = try Account.named(name)
        try drop(to: account)
        guard ThreadAccounts.all(are: account) else {
            throw .incomplete(account: account, what: "a thread of the process kept another account")
        }
        return account
    }

    /// Checks that the ids are the account's, and that no saved id leads back.
    private static func verify(_ account: Account) throws(AccountError) {
        guard getuid() == account.userID, geteuid() == account.userID else {
            throw .incomplete(account: account, what: "not all user ids changed")
        }
        guard getgid() == account.groupID, getegid() == account.groupID else {
            throw .incomplete(account: account, what: "not all group ids changed")
        }
        guard account.userID == 0 || (setuid(0) != 0 && seteuid(0) != 0) else {
            throw .incomplete(account: account, what: "the process could become root again")
        }
        guard account.userID == 0 || account.groupID == 0 || (setgid(0) != 0 && setegid(0) != 0) else {
            throw .incomplete(account: account, what: "the process could get root's group again")
        }
    }
}
