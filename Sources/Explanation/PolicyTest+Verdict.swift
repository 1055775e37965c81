import TopologyFile

extension PolicyTest {
    /// Whether this is what was expected.
    ///
    /// A connector is expected of every final address.
    public func isMet(by explanation: RouteExplanation) -> Bool {
        switch expectation {
        case .accept: explanation.refusal == nil
        case .refuse: explanation.refusal != nil
        case .connector(let name): explanation.refusal == nil && explanation.routes.allSatisfy { $0.connector == name }
        }
    }
}
