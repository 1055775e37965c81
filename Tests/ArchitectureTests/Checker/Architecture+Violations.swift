extension Architecture {
    /// Everything in which a project is not as drawn, each as a sentence that names the place.
    func violations(in project: Project) -> [String] {
        folders(project) + arrows(project) + declarations(project) + cModules(project) + modules(project) + lawTwo(project)
            + executables(project)
    }

    /// Every import of a target of our own is declared, and points downwards.
    private func arrows(_ project: Project) -> [String] {
        imports(project).flatMap { file, imported -> [String] in
            guard let own = project.target(file.target), let other = project.target(imported.module), other.kind != .systemLibrary else {
                return []
            }
            var found: [String] = []
            func refuse(_ why: String) { found.append("\(place(file, imported)) may not import \(imported.module): \(why)") }
            if own.name == other.name {
                refuse("it is itself")
            } else if !own.dependencies.contains(other.name) {
                refuse("Package.swift does not declare that \(own.name) depends on it")
            }
            if let why = whyForbidden(own.name, other.name) { refuse(why) }
            if imported.isExported { refuse("@_exported hides an arrow from whoever imports \(own.name)") }
            return found
        }
    }

    /// Every declared dependency points downwards and is used: a target imports only what it needs.
    private func declarations(_ project: Project) -> [String] {
        project.targets.filter { $0.kind == .target || $0.kind == .executableTarget }.flatMap { target -> [String] in
            let files = project.files.filter { $0.target == target.name }
            let used = Set(files.flatMap { $0.imports.map(\.module) })
            return target.dependencies.sorted().flatMap { dependency -> [String] in
                var found: [String] = []
                if project.target(dependency)?.kind != .systemLibrary, let why = whyForbidden(target.name, dependency) {
                    found.append("Package.swift: \(target.name) may not depend on \(dependency): \(why)")
                }
                if !files.isEmpty, !used.contains(dependency) {
                    found.append("Package.swift: \(target.name) depends on \(dependency), and no file of it imports that")
                }
                return found
            }
        }
    }

    /// Why one target may not import another; nil where it may.
    private func whyForbidden(_ own: String, _ other: String) -> String? {
        if testOnly.contains(own) { return nil }
        if testOnly.contains(other) { return "it is for tests only" }
        guard let ownRow = row(of: own) else { return "\(own) has no row in the table of docs/architecture.md" }
        guard let otherRow = row(of: other) else { return "\(other) has no row in the table of docs/architecture.md" }
        if ownRow == otherRow, own != other { return "both stand in the same row" }
        return otherRow > ownRow ? "a target imports only from rows above its own, and \(other) stands below \(own)" : nil
    }

    /// Each C module has one place.
    private func cModules(_ project: Project) -> [String] {
        let own = Set(project.targets.filter { $0.kind == .systemLibrary }.map(\.name)).union(cModules.keys)
        return imports(project).compactMap { file, imported in
            guard own.contains(imported.module) else { return nil }
            let owners = cModules[imported.module] ?? []
            guard !owners.contains(file.target) else { return nil }
            let places = owners.isEmpty ? "no target: give it a place in docs/architecture.md" : owners.sorted().joined(separator: " and ")
            return "\(place(file, imported)) may not import \(imported.module): the C module belongs to \(places)"
        }
    }

    /// Foundation stays away from bytes, and input and output from protocols and decisions.
    private func modules(_ project: Project) -> [String] {
        imports(project).compactMap { file, imported in
            if withoutFoundation.contains(file.target), imported.module.hasPrefix("Foundation") {
                return "\(place(file, imported)) may not import \(imported.module): \(file.target) does without Foundation"
            }
            if withoutIO.contains(file.target), ["NIOPosix", "Dispatch", "Logging"].contains(imported.module) {
                return "\(place(file, imported)) may not import \(imported.module): \(file.target) does no input and output"
            }
            return nil
        }
    }

    /// Law 2: nothing that the core is made of knows the network.
    private func lawTwo(_ project: Project) -> [String] {
        let closure = project.closure(of: core)
        let law = "law 2: the process that holds the mail has no network"
        let targets = closure.intersection(forbiddenBelowCore).sorted().map { "\(core) is made of \($0), too: \(law)" }
        let imported = imports(project).filter { $0.0.target == core && forbiddenBelowCore.contains($0.1.module) }
            .map { "\(place($0, $1)) may not import \($1.module): \(law)" }
        let calls = project.files.filter { closure.contains($0.target) }.flatMap { file in
            file.code.lines.enumerated().flatMap { index, line in
                networkCalls.filter { line.contains($0) }.map { "\(file.path):\(index + 1): \($0)… in what the core is made of; \(law)" }
            }
        }
        return targets + imported + calls
    }

    /// What is shipped as an executable is `main` and nothing else.
    private func executables(_ project: Project) -> [String] {
        project.targets.filter { $0.kind == .executableTarget && !testOnly.contains($0.name) }.flatMap { target -> [String] in
            let files = project.files.filter { $0.target == target.name }
            var found: [String] = []
            if files.count != 1 { found.append("\(target.folder) has \(files.count) Swift files: an executable is one short file") }
            for file in files {
                let count = file.code.lines.filter { !$0.trimmed.isEmpty && !$0.hasPrefix("import ") }.count
                if count > 20 { found.append("\(file.path) has \(count) lines of code: an executable is `main` and nothing else") }
                let services = Set(file.imports.map(\.module)).subtracting(executableImports)
                if services.count != 1, target.name != allInOne {
                    found.append("\(file.path) imports \(services.sorted().joined(separator: ", ")): an executable starts one service")
                }
            }
            return found
        }
    }

    /// Folders are named as targets are, and nothing lies beside them.
    private func folders(_ project: Project) -> [String] {
        let folders = Set(project.targets.map(\.folder))
        let names = Set(project.targets.map(\.name))
        let rowless = project.targets.filter { $0.kind == .target || $0.kind == .executableTarget }
            .filter { row(of: $0.name) == nil && !testOnly.contains($0.name) }
            .map { "\($0.name) has no row in the table of docs/architecture.md" }
        let sources = project.sourceFolders.filter { !folders.contains("Sources/\($0)") }.map {
            "Sources/\($0) is no target of Package.swift"
        }
        let tests = project.testFolders.flatMap { folder -> [String] in
            var found: [String] = []
            if !folders.contains("Tests/\(folder)") { found.append("Tests/\(folder) is no target of Package.swift: its tests do not run") }
            if !freeTestFolders.contains(folder), !folder.hasSuffix("Tests") || !names.contains(String(folder.dropLast(5))) {
                found.append("Tests/\(folder) is named after no target")
            }
            return found
        }
        return rowless + sources + tests
    }

    private func imports(_ project: Project) -> [(Project.File, ImportLine)] {
        project.files.flatMap { file in file.imports.map { (file, $0) } }
    }

    private func place(_ file: Project.File, _ imported: ImportLine) -> String { "\(file.target) (\(file.path):\(imported.line))" }
}
