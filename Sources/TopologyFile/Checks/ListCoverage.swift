import MailVocabulary
import Topology

/// Entries of a list of computers that another entry of it covers: `10.1.2.3` beside `10.0.0.0/8`, `a.bad.example` beside `*.bad.example`.
enum ListCoverage {
    /// - Returns: each entry that can never matter, with the one that covers it. Of two that are equal, the later one.
    ///
    /// Looks each entry's wider forms up, of which there are as many as bits or labels: a list may have tens of thousands of entries.
    static func covered(in entries: [HostEntry]) -> [(entry: HostEntry, by: HostEntry)] {
        let first = Dictionary(entries.map { ($0.pattern, $0) }) { first, _ in first }
        var seen: Set<HostEntry.Pattern> = []
        return entries.compactMap { entry in
            let isRepeated = !seen.insert(entry.pattern).inserted
            guard let cover = isRepeated ? first[entry.pattern] : wider(entry.pattern).lazy.compactMap({ first[$0] }).first else {
                return nil
            }
            return (entry, cover)
        }
    }

    private static func wider(_ pattern: HostEntry.Pattern) -> [HostEntry.Pattern] {
        switch pattern {
        case .subnet(let subnet):
            return (0..<subnet.prefixLength).compactMap { length in
                Subnet(base: subnet.base.masked(to: length), prefixLength: length).map { .subnet($0) }
            }
        case .exact(let name), .below(let name):
            var above: [HostEntry.Pattern] = []
            var parent = name.parent
            while let name = parent {
                above.append(.below(name))
                parent = name.parent
            }
            return above
        }
    }
}
