/// How a process of Postern ends, in the numbers of `sysexits.h`: what supervises it tells by them whether another start may help.
public enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Ended because it was asked to.
    case success = 0
    /// `EX_USAGE`: the command line is wrong.
    case usage = 64
    /// `EX_DATAERR`: what was asked for cannot be.
    case dataError = 65
    /// `EX_OSERR`: the system refused something that should work: a descriptor, a process, an account.
    case osError = 71
    /// `EX_IOERR`: something could not be read or written.
    case inputOutput = 74
    /// `EX_TEMPFAIL`: another start may help.
    case temporaryFailure = 75
    /// `EX_NOPERM`: this account may not do it.
    case notPermitted = 77
    /// `EX_CONFIG`: the configuration is wrong, and another start with the same file ends the same way.
    case configuration = 78
}
