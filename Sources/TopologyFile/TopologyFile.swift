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
    ///   - inspection: looks inside those files.
    /// - Returns: the topology with warnings and notices, or all errors.
    public static func load(
        path: String, files: FilesToCheck = .none, surroundings: NetworkSurroundings = .ignored, inspection: FileInspection = .none
    ) -> LoadResult {
        switch text(path: path) {
        case .success(let bytes): parse(bytes, path: path, files: files, surroundings: surroundings, inspection: inspection)
        case .failure(let unreadable): .failed([unreadable.finding])
        }
    }

    /// The octets of a configuration file, whatever they say.
    ///
    /// - Returns: a failure where the file cannot be read, or is longer than ``maximumBytes``.
    public static func text(path: String) -> Result<[UInt8], Unreadable> {
        FileBytes.read(path, maximum: maximumBytes).mapError { problem in
            Unreadable(finding: Finding(.error, at: SourceLocation(file: path, line: 0, column: 0), path: "", problem.message))
        }
    }

    /// Why a file cannot be read.
    public struct Unreadable: Error {
        public let finding: Finding
    }

    /// The revision that a topology of these octets has.
    public static func revision(of bytes: [UInt8]) -> String { Revision.of(bytes) }

    /// Reads and checks the bytes of a configuration file, as if they stood at `path`.
    public static func parse(
        _ bytes: [UInt8], path: String, files: FilesToCheck = .none, surroundings: NetworkSurroundings = .ignored,
        inspection: FileInspection = .none
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
        checks.check(files, inspection)
        let errors = checks.report.findings.filter { $0.severity == .error }
        return errors.isEmpty ? .loaded(topology, checks.report.findings.sorted()) : .failed(errors.sorted())
    }
}
