import MailVocabulary
import Topology

/// A list of computers, arranged for look-up: one access for each prefix length and each label, however long the list is.
struct HostIndex: Sendable {
    private var entries: [HostEntry.Pattern: HostEntry] = [:]
    /// Longest first: the most specific entry is the one that is cited.
    private var lengths: [IPAddress.Family: [Int]] = [:]
    private var hasNames = false
    private let isExcept: Bool

    init(_ list: HostList) {
        if case .allExcept = list { isExcept = true } else { isExcept = false }
        for entry in list.entries {
            if entries[entry.pattern] == nil { entries[entry.pattern] = entry }
            guard case .subnet(let subnet) = entry.pattern else {
                hasNames = true
                continue
            }
            let family = subnet.base.family
            if lengths[family]?.contains(subnet.prefixLength) != true { lengths[family, default: []].append(subnet.prefixLength) }
        }
        for family in lengths.keys { lengths[family]?.sort(by: >) }
    }

    /// Whether the list names those who are not chosen.
    var isAllExcept: Bool { isExcept }

    /// The entry that matches, if one does.
    ///
    /// - Parameter hostName: the forward-confirmed name of the client, or nil where there is none.
    func match(_ address: IPAddress, hostName: DomainName?) -> HostEntry? {
        for length in lengths[address.family] ?? [] {
            if let subnet = Subnet(base: address.masked(to: length), prefixLength: length), let entry = entries[.subnet(subnet)] {
                return entry
            }
        }
        guard hasNames, let hostName else { return nil }
        if let entry = entries[.exact(hostName)] { return entry }
        var above = hostName.parent
        while let name = above {
            if let entry = entries[.below(name)] { return entry }
            above = name.parent
        }
        return nil
    }
}
