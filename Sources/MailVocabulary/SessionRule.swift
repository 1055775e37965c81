/// What a virtual server refuses by its configuration alone: its front end says so without asking the core.
///
/// The numbers are those of CoreLink.
public enum SessionRule: UInt8, CaseIterable, Hashable, Sendable {
    /// Who may connect (S16).
    case access = 1
    /// Who has a confirmed host name (S15, `on_failure: reject`).
    case hostName = 2
    /// Nothing before TLS (S13).
    case encryption = 3
    /// Nothing with a weak cipher (S14).
    case strongEncryption = 4
    /// No password in clear (S12).
    case secretPassword = 5
    /// Nothing without a login (S08; rule 0 of the decision).
    case login = 6
    /// No larger message (E01).
    case messageSize = 7
    /// No message that has come through too many hosts (E10).
    case hops = 8
    /// No message with a line longer than `limits.line_length`.
    case lineLength = 9
}
