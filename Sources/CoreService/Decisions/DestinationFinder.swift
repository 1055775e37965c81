import Directory
import Explanation
import MailVocabulary
import NIOCore
import NIOPosix
import Routing

/// Finds where aliases and groups lead, once for all messages: open transactions share what is found, and it is found anew only after a change of
/// the directory or the configuration.
///
/// A large group takes long to follow. The event loop follows short lists only; all others are read on a file thread, over a connection of its
/// own, and those who ask meanwhile wait for the same answer. Confined to the core's event loop.
final class DestinationFinder {
    enum Found {
        /// No alias or group: it is decided about as it is.
        case ordinary
        case several(Destinations)
        /// An alias or group that has to be read first; its own address.
        case unread(EmailAddress)
    }

    typealias Completion = (Result<Destinations?, any Error>) -> Void

    /// What is kept, by the addresses in it; one recipient takes half of it at most. About 100 octets each.
    static let capacity = 210_000
    /// Targets that the event loop follows by itself.
    static let mostOnLoop = 100

    /// What an answer depends on besides the recipient.
    private struct Age: Hashable {
        let generation: UInt64
        let table: ObjectIdentifier
    }

    private struct Question: Hashable {
        let key: AddressKey
        let age: Age
    }

    private struct Reading {
        let question: Question
        let address: EmailAddress
        let table: RoutingTable
    }

    private unowned let core: Core
    private let reader = DestinationReader()
    private var known = GenerationCache<Destinations>(capacity: DestinationFinder.capacity)
    private var knownAge: Age?
    private var asking: [Question: [Completion]] = [:]
    private var line: [Reading] = []
    private var isReading = false
    /// How often an alias or group was read on a file thread since the core started.
    private(set) var readings = 0

    init(core: Core) { self.core = core }

    /// Costs a few dictionary accesses or queries, whatever the recipient leads to.
    func find(_ recipient: EmailAddress) throws(DirectoryError) -> Found {
        let directory = core.directory
        guard let name = core.routing.meant(by: recipient).domain.name, directory.domains.contains(name),
            case .several(let address) = try directory.lead(of: recipient)
        else { return .ordinary }
        let key = AddressKey(address)
        forgetIfOld()
        if let destinations = known.value(for: key) { return .several(destinations) }
        guard !core.routing.asksForGroupsOfRecipients, let expansion = try directory.expandIfShort(recipient, most: Self.mostOnLoop) else {
            return .unread(address)
        }
        let destinations = try Destinations(KnownRecipient(expansion), by: core.routing, directory: DirectoryAnswers(directory))
        keep(destinations, for: key)
        return .several(destinations)
    }

    /// Finds where a recipient leads, reading it if need be.
    ///
    /// - Parameter completion: called once, at once or later; nil: it is no alias or group.
    func whenFound(_ recipient: EmailAddress, _ completion: @escaping Completion) {
        do throws(DirectoryError) {
            switch try find(recipient) {
            case .ordinary: completion(.success(nil))
            case .several(let destinations): completion(.success(destinations))
            case .unread(let address): read(address, completion)
            }
        } catch {
            completion(.failure(error))
        }
    }

    /// Reads an alias or group on a file thread. Whoever asks for the same one meanwhile gets the same answer.
    ///
    /// - Parameters:
    ///   - address: of the alias or group itself.
    ///   - completion: called once, later; nil: there is no such entry any more.
    func read(_ address: EmailAddress, _ completion: @escaping Completion) {
        let question = Question(key: AddressKey(address), age: age)
        if asking[question]?.append(completion) != nil { return }
        asking[question] = [completion]
        line.append(Reading(question: question, address: address, table: core.routing))
        readNext()
    }

    private var age: Age { Age(generation: core.directory.generation, table: ObjectIdentifier(core.routing)) }

    private func forgetIfOld() {
        let age = age
        if knownAge != age { known.removeAll() }
        knownAge = age
    }

    private func keep(_ destinations: Destinations, for key: AddressKey) {
        known.insert(destinations, weight: destinations.weight, for: key)
    }

    /// One after the other, so that one client's questions do not take all file threads.
    private func readNext() {
        guard !isReading, !line.isEmpty else { return }
        let next = line.removeFirst()
        isReading = true
        readings += 1
        let (reader, location, domains) = (reader, core.directory.location, core.directory.domains)
        core.fileThreads.runIfActive(eventLoop: core.eventLoop) {
            try reader.read(next.address, at: location, domains: domains, table: next.table)
        }.assumeIsolated().whenComplete { [self] result in
            isReading = false
            // The directory was in one state while it was read. Where that has changed since, the answer was true while they waited for it, and
            // is not kept for others.
            forgetIfOld()
            if case .success(let destinations?) = result, next.question.age == age { keep(destinations, for: next.question.key) }
            for completion in asking.removeValue(forKey: next.question) ?? [] { completion(result) }
            readNext()
        }
    }
}

/// Reads the directory on file threads.
private final class DestinationReader: @unchecked Sendable {
    // Invariant: used by one piece of work at a time; the next starts when the event loop has heard of the end of the last.
    private var directory: Directory?

    func read(
        _ address: EmailAddress, at location: Directory.Location, domains: DirectoryDomains, table: RoutingTable
    ) throws(DirectoryError) -> Destinations? {
        do throws(DirectoryError) {
            let directory =
                if let opened = self.directory { opened } else {
                    try Directory(reading: location, domains: domains, settings: Self.settings)
                }
            self.directory = directory
            directory.domains = domains
            defer { directory.forget() }
            return try directory.inOneState { () throws(DirectoryError) -> Destinations? in
                guard let expansion = try directory.expand(address) else { return nil }
                return try Destinations(KnownRecipient(expansion), by: table, directory: DirectoryAnswers(directory))
            }
        } catch {
            directory = nil
            throw error
        }
    }

    /// It keeps what one reading may ask for twice.
    private static var settings: Directory.Settings { Directory.Settings(cacheCapacity: 20_000, expansionCacheCapacity: 0) }
}
