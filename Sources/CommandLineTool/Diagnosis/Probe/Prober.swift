import MailVocabulary
import NIOCore
import NameResolution
import Topology

/// Does what a probe does: questions to the DNS, then the addresses one after the other, all within a time.
struct Prober {
    let resolver: DNSResolver
    let isValidating: Bool
    /// By which mail that would come back to us is known: the name alone, since this machine need not be the server.
    let ourself: OwnIdentity
    let settings: ProbeDialogue.Settings
    let eventLoop: any EventLoop

    func run(_ domain: MailDomain, _ route: ProbeRoute) async -> ProbeReport {
        var report = ProbeReport(domain: "\(domain)", route: route, triesRecipient: settings.envelope != nil)
        var candidates: [(candidate: NextHopCandidate, port: Int)] = []
        for destination in route.destinations {
            if case .domain(let name) = destination.place {
                for type in [RecordType.ns, .mx] { await ask(DNSQuestion(name: name.text, type: type), &report) }
            }
            let resolution = await resolution(of: destination.place, families: AddressFamilies(route.profile.source.family))
            switch resolution {
            case .candidates(let found): candidates += found.map { ($0, destination.port) }
            case .failure(let reply): report.noHost = report.noHost ?? reply
            }
        }
        let chosen = Self.chosen(candidates)
        report.leftOut = candidates.count - chosen.count
        var asked: Set<DomainName> = []
        for (candidate, port) in chosen {
            guard let host = candidate.host, asked.insert(host).inserted else { continue }
            for type in [RecordType.a, .aaaa] { await ask(DNSQuestion(name: host.text, type: type), &report) }
            await ask(DNSQuestion(name: "_\(port)._tcp.\(host)", type: .tlsa), &report)
        }
        for (candidate, port) in chosen {
            let source = candidate.address.family == .ipv4 ? route.profile.source.ipv4 : route.profile.source.ipv6
            var dialogue = ProbeDialogue(settings, to: candidate, port: port, from: source, on: eventLoop)
            report.sessions.append(await dialogue.run())
        }
        return report
    }

    /// Of the addresses in their order, those of the first hosts, and not all of a host with many.
    static func chosen(_ candidates: [(candidate: NextHopCandidate, port: Int)]) -> [(candidate: NextHopCandidate, port: Int)] {
        var perHost: [String: Int] = [:]
        return candidates.filter { candidate, port in
            let host = "\(candidate.host?.text ?? "\(candidate.address)") \(port)"
            guard perHost[host] != nil || perHost.count < ProbeReport.maximumHosts else { return false }
            perHost[host, default: 0] += 1
            return perHost[host, default: 0] <= ProbeReport.maximumAddressesPerHost
        }
    }

    private func ask(_ question: DNSQuestion, _ report: inout ProbeReport) async {
        let start = ContinuousClock.now
        let result: LookupResult
        do {
            result = try await resolver.result(of: question.name, question.type, within: limit, on: eventLoop).get()
        } catch { result = LookupResult(.failure(.shutDown)) }  // The future does not fail.
        report.questions.append(
            ProbeReport.Question(
                answer: DNSAnswer(
                    question: question, result: result, isValidating: isValidating, hostsFile: resolver.hostsFileEntries(for: question)),
                duration: ContinuousClock.now - start))
    }

    private func resolution(of place: NextHopDestination, families: AddressFamilies) async -> NextHopResolution {
        let next = NextHopResolver(resolver: resolver, ourself: ourself, families: families)
        do { return try await next.resolve(place, within: limit, on: eventLoop).get() } catch {
            return .failure(Reply(451, "4.4.3", "\(error)"))  // The future does not fail.
        }
    }

    private var limit: Duration { max(min(settings.stageTimeout, settings.end - ContinuousClock.now), .zero) }
}
