import Testing

@Suite("Package.swift is read as it is written")
struct PackageManifestTests {
    private static func manifest(_ targets: String) -> String {
        """
        // swift-tools-version: 6.2
        import PackageDescription
        let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
        let package = Package(
            name: "example", // targets: [ in a comment
            products: [.library(name: "All", targets: ["A", "B"])],
            dependencies: [.package(url: "https://example.test/a,b(", from: "1.0.0")],
            targets: \(targets)
        )
        """
    }

    @Test("targets, kinds, own dependencies and folders")
    func reads() throws {
        let source = Self.manifest(
            """
            [
                .systemLibrary(name: "C"),
                .target(name: "A", dependencies: ["C", nio, .product(name: "Yams", package: "Yams")]), // , "B"
                .target(
                    name: "B", dependencies: [
                        .target(name: "A", condition: .when(platforms: [.linux])), .byName(name: "C"), /* "D", */
                    ], path: "Other/B", swiftSettings: [.define("X, Y")]),
                .executableTarget(name: "main", dependencies: ["B"]),
                .testTarget(name: "ATests"),
            ]
            """)
        #expect(
            try PackageManifest(source).targets == [
                .init(name: "C", kind: .systemLibrary, dependencies: [], folder: "Sources/C"),
                .init(name: "A", kind: .target, dependencies: ["C"], folder: "Sources/A"),
                .init(name: "B", kind: .target, dependencies: ["A", "C"], folder: "Other/B"),
                .init(name: "main", kind: .executableTarget, dependencies: ["B"], folder: "Sources/main"),
                .init(name: "ATests", kind: .testTarget, dependencies: [], folder: "Tests/ATests"),
            ])
    }

    @Test(
        "what cannot be read is an error, not a gap",
        arguments: [
            "[.target(name: \"A\")] + more", "more", "[target(\"A\")]", "[.target(name: name)]",
            "[.target(name: \"A\", dependencies: common)]",
            "[.plugin(name: \"A\")]",
        ])
    func unreadable(targets: String) {
        #expect(throws: PackageManifest.Unreadable.self) { try PackageManifest(Self.manifest(targets)) }
    }
}
