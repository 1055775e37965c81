import Topology

/// Where a running system is to be found, as far as a file tells that may have any other errors.
public struct Whereabouts: Hashable, Sendable {
    public let runtimeDirectory: String
    public let stateDirectory: String
    /// The account of the core; nil where the file names none.
    public let coreAccount: String?
}

extension TopologyFile {
    /// What a file says about where the system is, whatever else is wrong with it.
    ///
    /// - Returns: nil where the file cannot be read, is no tree, or says it wrongly.
    public static func whereabouts(path: String) -> Whereabouts? {
        guard case .success(let bytes) = text(path: path), case .success(let root) = YAMLReader.read(bytes, file: path) else { return nil }
        var shape = ShapeDecoder()
        let value = shape.decode(root, as: ConfigurationModel.root)
        guard value.isTable else { return nil }
        func folder(_ key: String, _ standard: String) -> String? {
            guard let directory = value[key] else { return standard }
            return directory.text.map { FilePath.absolute($0, in: FilePath.folder(of: path)) }
        }
        guard let runtime = folder("runtime_directory", Topology.defaultRuntimeDirectory),
            let state = folder("state_directory", Topology.defaultStateDirectory)
        else { return nil }
        return Whereabouts(runtimeDirectory: runtime, stateDirectory: state, coreAccount: value["run_as"]?["core"]?.text)
    }
}
