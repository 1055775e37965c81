/// Names one lease of queued work for ever: the core's incarnation (a durable counter) and a number within it.
public struct LeaseID: Hashable, Sendable {
    public let epoch: UInt32
    public let number: UInt32

    public init(epoch: UInt32, number: UInt32) { (self.epoch, self.number) = (epoch, number) }
}

extension LeaseID: CustomStringConvertible {
    public var description: String { "\(epoch).\(number)" }
}
