/// What the architecture is checked by: the package's targets, and the text of every file of theirs.
struct Project {
    struct File {
        let path: String
        let target: String
        let code: SwiftCode
        let imports: [ImportLine]

        init(path: String, target: String, source: String) {
            (self.path, self.target) = (path, target)
            code = SwiftCode(source)
            imports = ImportLine.all(in: code)
        }
    }

    var targets: [PackageManifest.Target]
    var files: [File]
    /// The names of the folders below `Sources` and below `Tests`.
    var sourceFolders: [String] = []
    var testFolders: [String] = []

    func target(_ name: String) -> PackageManifest.Target? { targets.first { $0.name == name } }

    /// A target and everything of this package below it, by declared dependencies.
    func closure(of name: String) -> Set<String> {
        var found: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            if found.insert(next).inserted { open += target(next)?.dependencies ?? [] }
        }
        return found
    }
}
