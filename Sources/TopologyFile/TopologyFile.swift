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
    ///   - files: which of the files that it names are looked at.
    ///   - surroundings: the network that the listeners stand in.
    /// - Returns: the topology with warnings and notices, or all errors.
    public static func load(path: String, files: FilesToCheck = .none, surroundings: NetworkSurroundings = .ignored) -> LoadResult {
        let bytes: [UInt8]
        switch FileBytes.read(path, maximum: maximumBytes) {
        case .success(let read): bytes = read
        case .failure(let problem):
            let location = SourceLocation(file: path, line: 0, column: 0)
            return .failed([Finding(.error, at: location, path: "", problem.message)])
        }
        return parse(bytes, path: path, files: files, surroundings: surroundings)
    }

    /// The runtime directory that a file names, whatever else is wrong with it: where a running system is to be found.
    ///
    /// - Returns: nil where the file cannot be read, is no tree, or says it wrongly.
    public static func runtimeDirectory(path: String) -> String? {
        guard case .success(let bytes) = FileBytes.read(path, maximum: maximumBytes),
            case .success(let root) = YAMLReader.read(bytes, file: path)
        else { return nil }
        var shape = ShapeDecoder()
        let value = shape.decode(root, as: ConfigurationModel.root)
        guard value.isTable else { return nil }
        guard let directory = value["runtime_directory"] else { return Topology.defaultRuntimeDirectory }
        return directory.text.map { FilePath.absolute($0, in: FilePath.folder(of: path)) }
    }

    /// Reads and checks the bytes of a configuration file, as if they stood at `path`.
    public static func parse(
        _ bytes: [UInt8], path: String, files: FilesToCheck = .none, surroundings: NetworkSurroundings = .ignored
    ) -> LoadResult {
        let root: YAMLNode
        switch YAMLReader.read(bytes, file: path) {
        case .success(let node): root = node
        case .failure(let failure): return .failed(failure.findings.sorted())
        }
        var shape = ShapeDecoder()
        let value = shape.decode(root, as: ConfigurationModel.root)
        guard value.isTable else { return .failed(shape.report.findings.sorted()) }
        let builder = TopologyBuilder(root: value, file: path, bytes: bytes, report: shape.report)
        let topology = builder.build()
        var checks = TopologyChecks(topology: topology, root: value, report: builder.report, surroundings: surroundings)
        checks.run()
        checks.check(files)
        let errors = checks.report.findings.filter { $0.severity == .error }
        return errors.isEmpty ? .loaded(topology, checks.report.findings.sorted()) : .failed(errors.sorted())
    }
}
