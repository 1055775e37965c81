import Topology

/// The configuration file `postern.yaml`: the only way from text to a `Topology`.
public enum TopologyFile {
    /// Longer files are refused: 1 MiB.
    public static let maximumBytes = 1 << 20

    /// Reads and checks a configuration file.
    ///
    /// Blocks on the file system; asks no network, no user database.
    ///
    /// - Parameters:
    ///   - path: the file; relative to the working directory. Paths that it states are relative to its folder.
    ///   - readerRole: the role of this process: files that it needs must be readable. nil looks at no other file.
    /// - Returns: the topology with warnings and notices, or all errors.
    public static func load(path: String, readerRole: Role? = nil) -> LoadResult {
        let bytes: [UInt8]
        switch FileBytes.read(path, maximum: maximumBytes) {
        case .success(let read): bytes = read
        case .failure(let problem):
            let location = SourceLocation(file: path, line: 0, column: 0)
            return .failed([Finding(.error, at: location, path: "", problem.message)])
        }
        return parse(bytes, path: path, readerRole: readerRole)
    }

    /// Reads and checks the bytes of a configuration file, as if they stood at `path`.
    public static func parse(_ bytes: [UInt8], path: String, readerRole: Role? = nil) -> LoadResult {
        let root: YAMLNode
        switch YAMLReader.read(bytes, file: path) {
        case .success(let node): root = node
        case .failure(let failure): return .failed(failure.findings.sorted())
        }
        var shape = ShapeDecoder()
        let value = shape.decode(root, as: ConfigurationModel.root)
        guard value.isTable else { return .failed(shape.report.findings.sorted()) }
        let builder = TopologyBuilder(root: value, file: path, revision: Revision.of(bytes), report: shape.report)
        let topology = builder.build()
        var checks = TopologyChecks(topology: topology, root: value, report: builder.report)
        checks.run()
        if let readerRole { checks.checkFiles(neededBy: readerRole) }
        let errors = checks.report.findings.filter { $0.severity == .error }
        return errors.isEmpty ? .loaded(topology, checks.report.findings.sorted()) : .failed(errors.sorted())
    }
}
