import TrustedFiles

/// What a ``DNSResolver`` answers from until a change: settings, the files they name as they were read, and a running resolver thread.
struct ResolverBase {
    /// The files that settings name, by what a change of them shows.
    struct Files: Hashable {
        private let system: TrustedFile.Signature?
        private let hosts: TrustedFile.Signature?

        init(_ settings: ResolverSettings) {
            system = settings.servers.isEmpty ? TrustedFile.signature(of: settings.systemFile) : nil
            hosts = settings.hostsFile.flatMap { TrustedFile.signature(of: $0) }
        }
    }

    let settings: ResolverSettings
    /// As they were before the first octet of them was read: a later change shows.
    var files: Files
    let hosts: HostsFile
    let inbox: LookupInbox
    /// Those that are asked, for people.
    let servers: [String]
    /// What was passed over, for administrators.
    let notes: [String]

    /// Reads the files and starts the thread.
    init(_ settings: ResolverSettings) throws(ResolverError) {
        self.settings = settings
        files = Files(settings)
        if let file = settings.hostsFile {
            hosts = try HostsFile(file: file)
        } else {
            hosts = HostsFile()
        }
        inbox = try LookupInbox(limit: settings.maximumOutstanding)
        let context = try UnboundContext(settings: settings)
        (servers, notes) = (context.servers, context.notes)
        try LookupEngine.start(context: context, inbox: inbox)
    }
}
