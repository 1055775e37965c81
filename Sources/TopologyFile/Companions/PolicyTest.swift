import Topology

/// An envelope, and what must become of it by the configuration.
public struct PolicyTest: Hashable, Sendable {
    public enum Expectation: Hashable, Sendable {
        case accept
        case refuse
        /// Accepted, and every final address goes over the connector of this name.
        case connector(String)
    }

    public let envelope: WrittenEnvelope
    public let expectation: Expectation

    public init(envelope: WrittenEnvelope, expectation: Expectation) { (self.envelope, self.expectation) = (envelope, expectation) }

    public var location: SourceLocation { envelope.location }
}

extension PolicyTest.Expectation: CustomStringConvertible {
    public var description: String {
        switch self {
        case .accept: "accept"
        case .refuse: "refuse"
        case .connector(let name): name
        }
    }
}
