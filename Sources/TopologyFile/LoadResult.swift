import Topology

/// What came of reading a configuration file.
public enum LoadResult: Hashable, Sendable {
    /// The topology, with warnings and notices in the order of the file.
    case loaded(Topology, [Finding])
    /// All errors, in the order of the file; one or more.
    case failed([Finding])

    /// nil where there are errors.
    public var topology: Topology? {
        if case .loaded(let topology, _) = self { topology } else { nil }
    }

    /// Errors, or warnings and notices.
    public var findings: [Finding] {
        switch self {
        case .loaded(_, let findings), .failed(let findings): findings
        }
    }
}
