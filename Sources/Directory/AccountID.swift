/// The number of an account. It is never given to another account, also after the first was removed.
public struct AccountID: Hashable, Sendable {
    public let value: Int64

    public init(value: Int64) { self.value = value }
}

extension AccountID: CustomStringConvertible {
    public var description: String { String(value) }
}
