/// A login name as it may stand in a log: people type their password in its place, and a log is read by many.
public enum LoggedLoginName {
    /// In the place of a name that may be a password.
    public static let withheld = "(withheld)"

    /// - Parameters:
    ///   - name: as it was given, without what a default domain makes of it.
    ///   - key: what is written where it may be; nil: the name.
    ///   - isOurs: somebody has it.
    /// - Returns: the name where it is one of ours, or has the form of an address.
    public static func text(_ name: String, asKey key: String? = nil, isOurs: Bool) -> String {
        isOurs || EmailAddress(parsing: name) != nil ? key ?? name : withheld
    }
}
