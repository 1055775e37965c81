import Glibc
import MailVocabulary
import Topology

/// Makes a topology of a tree whose shape was checked.
///
/// What is missing or was wrong takes its default: the result is only handed out where nothing was wrong.
struct TopologyBuilder {
    let root: Value
    let file: String
    /// What the tree was read from.
    let bytes: [UInt8]
    private(set) var report: Report
    /// The folder that relative paths are relative to.
    let folder: String
    let defaultDomain: DomainName
    /// Other names of our domains, by name: what the file says of people in them is said of the addresses that are meant.
    let domainAliases: [DomainName: DomainAlias]
    private let hostname: DomainName

    init(root: Value, file: String, bytes: [UInt8], report: Report) {
        (self.root, self.file, self.bytes, self.report) = (root, file, bytes, report)
        folder = FilePath.folder(of: file)
        switch Self.hostname(root["hostname"]) {
        case .success(let name): hostname = name
        case .failure(let problem):
            hostname = problem.substitute
            self.report.error(root.location, "hostname", problem.message, accepted: TextKind.domain.accepted)
        }
        defaultDomain = root["default_domain"]?.text.flatMap { Hosts.mailDomain($0) } ?? hostname
        domainAliases = Dictionary(Self.domainAliases(root["domains"]).map { ($0.name, $0) }) { first, _ in first }
    }

    func build() -> Topology {
        let stateDirectory = path(root["state_directory"]) ?? Topology.defaultStateDirectory
        return Topology(
            source: file, revision: Revision.of(bytes), sourceText: String(decoding: bytes, as: UTF8.self), hostname: hostname,
            defaultDomain: defaultDomain, stateDirectory: stateDirectory,
            runtimeDirectory: path(root["runtime_directory"]) ?? Topology.defaultRuntimeDirectory, runAs: runAs(root["run_as"]),
            controlGroup: root["control_group"]?.text, domains: domains(root["domains"]), domainAliases: Array(domainAliases.values),
            postmaster: postmaster(root["postmaster"]), budgets: budgets(root["budgets"]),
            permissions: permissions(root["permissions"]),
            certificates: certificates(root["certificates"]), resolver: resolver(root["resolver"]), identity: identity(root["identity"]),
            virtualServers: root["virtual_servers"]?.entries.compactMap(virtualServer) ?? [],
            connectors: root["connectors"]?.entries.compactMap(connector) ?? [], outbound: profiles(root["outbound"]),
            reports: reports(root["reports"], stateDirectory: stateDirectory),
            maximumHops: root["maximum_hops"]?.integer ?? Topology.defaultMaximumHops,
            onRerouteRefusal: choice(root["on_reroute_refusal"], default: .hold), logs: logs(root["logs"]))
    }

    // MARK: Parts of values

    /// An absolute path.
    func path(_ value: Value?) -> String? { value?.text.map { FilePath.absolute($0, in: folder) } }

    func domain(_ value: Value?) -> DomainName? { value?.text.flatMap { Hosts.domain($0) } }

    func address(_ value: Value?) -> IPAddress? { value?.text.flatMap { IPAddress(parsing: $0) } }

    func smartHost(_ value: Value?) -> SmartHost? {
        value.flatMap { value in value.text.flatMap { Hosts.smartHost($0, at: value.location) } }
    }

    func choice<Choice: RawRepresentable<String>>(_ value: Value?, default byDefault: Choice) -> Choice {
        value?.text.flatMap { Choice(rawValue: $0) } ?? byDefault
    }

    func choices<Choice: RawRepresentable<String>>(_ value: Value?) -> [Choice]? {
        guard let value, !value.elements.isEmpty else { return nil }
        return value.elements.compactMap { $0.text.flatMap { Choice(rawValue: $0) } }
    }

    func principals(_ value: Value?) -> [Principal] {
        let texts = value.map { $0.text == nil ? $0.elements : [$0] } ?? []
        return texts.flatMap { element in
            (element.text.flatMap { Principals.parseList($0, defaultDomain: defaultDomain) } ?? []).map {
                Principal(meant(by: $0), location: element.location)
            }
        }
    }

    private func meant(by kind: Principal.Kind) -> Principal.Kind {
        switch kind {
        case .user(let address): .user(domainAliases.meant(by: address))
        case .group(let address): .group(domainAliases.meant(by: address))
        }
    }

    /// nil where neither list is written.
    func hostList(_ value: Value?) -> HostList? {
        func entries(_ list: Value) -> [HostEntry] {
            list.elements.compactMap { element in
                element.text.flatMap { Hosts.entry($0) }.map { HostEntry($0, location: element.location) }
            }
        }
        if let only = value?["only"] { return .only(entries(only)) }
        if let except = value?["all_except"] { return .allExcept(entries(except)) }
        return nil
    }

    // MARK: The name of this machine

    private struct NoHostname: Error {
        let message: String
        let substitute: DomainName
    }

    private static func hostname(_ value: Value?) -> Result<DomainName, NoHostname> {
        guard let placeholder = DomainName(parsing: "localhost") else { preconditionFailure("a constant name is a name") }
        if let value { return .success(value.text.flatMap { Hosts.domain($0) } ?? placeholder) }
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else {
            return .failure(NoHostname(message: "it is not written, and the machine has no name", substitute: placeholder))
        }
        let text = buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        guard let name = Hosts.domain(text), name.parent != nil else {
            let message = "it is not written, and the machine's name `\(text)` is not a full domain name"
            return .failure(NoHostname(message: message, substitute: placeholder))
        }
        return .success(name)
    }
}
