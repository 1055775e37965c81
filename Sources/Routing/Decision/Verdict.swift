/// What is decided at `MAIL`, before there is a recipient: whether it may go on, and why (law 4).
public struct Verdict: Hashable, Sendable {
    /// nil: it may go on.
    public let refusal: Refusal?
    public let trace: DecisionTrace

    init(refusal: Refusal?, trace: DecisionTrace) { (self.refusal, self.trace) = (refusal, trace) }
}
