/// Which connectors cannot carry anything at the moment.
public struct ConnectorStates: Hashable, Sendable {
    /// The names of the connectors that are down.
    public var down: Set<String>

    public init(down: Set<String> = []) { self.down = down }

    public static let allUp = ConnectorStates()
}
