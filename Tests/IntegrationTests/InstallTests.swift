import Foundation
import Testing

/// `make install` into a folder, and what it installs. That it runs under systemd is shown by `scripts/install-test`.
@Suite("make install", .serialized)
struct InstallTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// One installation for all tests that only look at it.
    private static let shared = Task { try await Installed() }

    /// A root that something was installed into.
    private struct Installed: Sendable {
        let folder: TemporaryFolder
        /// What the script says it has written.
        let listed: [String]

        init(topology: String = "single-host", prefix: String = "/usr", into folder: TemporaryFolder? = nil) async throws {
            self.folder = try folder ?? TemporaryFolder()
            let result = try await Program.run(
                "\(InstallTests.repository)/scripts/install", [],
                environment: [
                    "DESTDIR": self.folder.path, "PREFIX": prefix, "TOPOLOGY": topology, "PARTS": "all",
                    "BINARIES": PosternUnderTest.executables,
                ])
            #expect(result.status == 0, "\(result.errors)")
            listed = result.text.split(separator: "\n").map(String.init)
        }

        func path(_ path: String) -> String { folder.path + path }

        /// Every file and link below the root, without it; a link to nothing, too.
        func files() throws -> [String] {
            let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
            return try all.map { "/\($0)" }.filter { path in
                try FileManager.default.attributesOfItem(atPath: self.path(path))[.type] as? FileAttributeType != .typeDirectory
            }
        }
    }

    @Test("every file is listed, readable by all and writable by its owner alone, and only programs can be executed")
    func files() async throws {
        let installed = try await Self.shared.value
        #expect(try Set(installed.listed) == Set(installed.files()))
        #expect(installed.listed.count == Set(installed.listed).count)
        for file in installed.listed {
            let attributes = try FileManager.default.attributesOfItem(atPath: installed.path(file))
            #expect(attributes[.ownerAccountID] as? UInt32 == getuid(), "\(file)")
            // The mode of a link is nobody's affair.
            if attributes[.type] as? FileAttributeType == .typeSymbolicLink { continue }
            #expect(attributes[.posixPermissions] as? Int == (file.hasPrefix("/usr/lib/postern/") ? 0o755 : 0o644), "\(file)")
        }
        for file in [
            "/usr/bin/postern", "/usr/lib/postern/front", "/usr/lib/postern/back", "/etc/postern/postern.yaml",
            "/usr/lib/systemd/system/postern-core.service",
            "/usr/lib/systemd/system/postern-.service.d/10-sandbox.conf", "/usr/lib/sysusers.d/postern.conf",
            "/usr/lib/tmpfiles.d/postern.conf", "/etc/fail2ban/filter.d/postern-auth.conf", "/usr/share/man/man8/postern-edge.8",
            "/usr/share/zsh/site-functions/_postern", "/usr/share/fish/vendor_completions.d/postern.fish",
        ] { #expect(installed.listed.contains(file), "\(file)") }
    }

    @Test("each program is the file of its half, by its own name, and says so; an upgrade of the front leaves the back as it is")
    func halves() async throws {
        let installed = try await Self.shared.value
        for (program, half) in [
            ("postern", "back"), ("postern-core", "back"), ("postern-auth", "back"), ("postern-delivery", "back"),
            ("postern-mailbox", "back"),
            ("postern-edge", "front"), ("postern-submission", "front"),
        ] {
            let path = installed.path("/usr/bin/\(program)")
            #expect(URL(fileURLWithPath: path).resolvingSymlinksInPath().path.hasSuffix("/usr/lib/postern/\(half)"))
            let help = try await Program.run(path, ["--help"])
            #expect(help.text.contains("USAGE: \(program) "), "\(help.text)")
        }
        let front = try await Program.run(
            "\(Self.repository)/scripts/install", [],
            environment: ["DESTDIR": installed.folder.path, "PREFIX": "/usr", "PARTS": "front", "BINARIES": PosternUnderTest.executables])
        #expect(
            front.text
                == [
                    "lib/postern/front", "lib/postern/postern-edge", "bin/postern-edge", "lib/postern/postern-submission",
                    "bin/postern-submission",
                ]
                .map { "/usr/\($0)\n" }.joined())
    }

    @Test("units name the programs where they were installed")
    func prefix() async throws {
        let installed = try await Self.shared.value
        for file in installed.listed where file.contains("/systemd/") {
            let text = try String(contentsOfFile: installed.path(file), encoding: .utf8)
            #expect(!text.contains("/usr/local/bin"), "\(file)")
        }
    }

    @Test("an installed program runs, and finds what it is told to read")
    func runs() async throws {
        let installed = try await Self.shared.value
        let result = try await Program.run(
            installed.path("/usr/bin/postern"),
            [
                "test", installed.path("/usr/share/doc/postern/topology/policy-tests.yaml"), "--config",
                installed.path("/etc/postern/postern.yaml"), "--directory",
                installed.path("/usr/share/doc/postern/topology/directory.yaml"),
            ])
        #expect(result.status == 0, "\(result.text)\(result.errors)")
    }

    @Test("manual pages have no warnings, and say what the commands say")
    func manualPages() async throws {
        let installed = try await Self.shared.value
        let pages = installed.listed.filter { $0.contains("/man/") }
        #expect(pages.count == 8)
        for page in pages {
            let lint = try await Program.run("mandoc", ["-Tlint", "-Wwarning", installed.path(page)])
            #expect(lint.text.isEmpty && lint.status == 0, "\(lint.text)")
        }
        let page = try await Program.run("mandoc", ["-Tutf8", "-Owidth=200", installed.path("/usr/share/man/man1/postern.1")])
        let text = page.text.replacing(/.\u{8}/, with: "")
        #expect(text.contains("postern queue list"))
        let configuration = try await Program.run("mandoc", ["-Tutf8", installed.path("/usr/share/man/man5/postern.yaml.5")])
        #expect(configuration.text.replacing(/.\u{8}/, with: "").contains("runtime_directory"))
    }

    @Test("bash completes a subcommand", arguments: [("que", "queue"), ("cert", "certificate")])
    func completion(begun: String, whole: String) async throws {
        let installed = try await Self.shared.value
        let script = """
            source "$1"; COMP_WORDS=(postern "$2"); COMP_CWORD=1; COMP_LINE="postern $2"; COMP_POINT=${#COMP_LINE}
            _postern postern "$2" postern; printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try await Program.run(
            "bash", ["-c", script, "bash", installed.path("/usr/share/bash-completion/completions/postern"), begun])
        #expect(result.text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) } == [whole], "\(result.errors)")
    }

    @Test("a configuration that is there stays, and uninstalling leaves it and nothing else")
    func again() async throws {
        let installed = try await Installed(topology: "front-back", prefix: "/usr/local")
        let configuration = installed.path("/etc/postern/postern.yaml")
        try "mine".write(toFile: configuration, atomically: true, encoding: .utf8)
        let second = try await Installed(topology: "front-back", prefix: "/usr/local", into: installed.folder)
        #expect(!second.listed.contains("/etc/postern/postern.yaml"))
        #expect(try String(contentsOfFile: configuration, encoding: .utf8) == "mine")
        #expect(second.listed.contains("/usr/local/lib/systemd/system/postern-front.target"))
        let removal = try await Program.run(
            "\(Self.repository)/scripts/install", ["--uninstall"],
            environment: ["DESTDIR": installed.folder.path, "PREFIX": "/usr/local", "TOPOLOGY": "front-back"])
        #expect(removal.status == 0, "\(removal.errors)")
        #expect(try installed.files() == ["/etc/postern/postern.yaml"])
    }

    @Test(
        "what cannot be is refused before anything is written",
        arguments: [("PREFIX", "usr"), ("PREFIX", "/usr;x"), ("TOPOLOGY", "office"), ("PARTS", "back")])
    func refused(name: String, value: String) async throws {
        let folder = try TemporaryFolder()
        let result = try await Program.run(
            "\(Self.repository)/scripts/install", [],
            environment: ["DESTDIR": folder.path, "BINARIES": PosternUnderTest.executables].merging([name: value]) { $1 })
        #expect(result.status == 64, "\(result.errors)")
        #expect(result.errors.contains("install: \(name)"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    static let hasSystemdAnalyze = (try? Program.find("systemd-analyze")) != nil  // Its absence is the question.

    @Test(
        "systemd understands the units, and rates each no worse than docs/operations.md says",
        .enabled(if: hasSystemdAnalyze, "systemd-analyze is not installed"), arguments: ["single-host", "front-back"])
    func units(topology: String) async throws {
        let installed = try await Installed(topology: topology)
        let units = installed.listed.filter { $0.hasPrefix("/usr/lib/systemd/system/postern") && !$0.contains(".d/") }
            .map { String($0.dropFirst("/usr/lib/systemd/system/".count)) }
        // Those of systemd itself that ours lean on, and the one program besides.
        for target in ["sysinit", "basic", "shutdown", "sockets", "multi-user", "network", "network-online"] {
            let source = "/lib/systemd/system/\(target).target"
            if FileManager.default.fileExists(atPath: source) {
                try FileManager.default.copyItem(atPath: source, toPath: installed.path("/usr/lib/systemd/system/\(target).target"))
            }
        }
        try FileManager.default.createDirectory(atPath: installed.path("/bin"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: "/bin/kill", toPath: installed.path("/bin/kill"))
        let verified = try await Program.run(
            "systemd-analyze", ["verify", "--root=\(installed.folder.path)", "--man=no", "--recursive-errors=yes"] + units)
        #expect(verified.status == 0 && !verified.errors.contains("postern"), "\(verified.text)\(verified.errors)")

        let documented = try Self.documentedExposure()
        #expect(documented.count == 6)
        for service in units where service.hasSuffix(".service") {
            let rated = try await Program.run(
                "systemd-analyze", ["security", "--offline=true", "--root=\(installed.folder.path)", "--no-pager", service])
            let exposure = try #require(rated.text.firstMatch(of: /exposure level for \S+: ([0-9.]+) (\w+)/), "\(rated.errors)")
            #expect(["SAFE", "OK"].contains(exposure.2), "\(service)")
            let expected = try #require(documented[service], "\(service) is not in docs/operations.md")
            // Another version of systemd may weigh a little differently.
            #expect((Double(exposure.1) ?? 10) <= expected + 0.2, "\(service): \(exposure.1)")
        }
    }

    /// The table of docs/operations.md: `| `postern-core.service` | 0.7 | SAFE | …`.
    private static func documentedExposure() throws -> [String: Double] {
        let text = try String(contentsOfFile: "\(repository)/docs/operations.md", encoding: .utf8)
        var result: [String: Double] = [:]
        for row in text.matches(of: /\n\| `(postern-\w+\.service)` \| ([0-9.]+) \|/) { result[String(row.1)] = Double(row.2) }
        return result
    }
}
