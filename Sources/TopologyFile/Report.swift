import Topology

/// The findings so far.
struct Report {
    private(set) var findings: [Finding] = []

    mutating func error(_ location: SourceLocation, _ path: String, _ message: String, accepted: String? = nil, example: [String] = []) {
        findings.append(Finding(.error, at: location, path: path, message, accepted: accepted, example: example))
    }

    mutating func warning(_ location: SourceLocation, _ path: String, _ message: String) {
        findings.append(Finding(.warning, at: location, path: path, message))
    }

    mutating func notice(_ location: SourceLocation, _ path: String, _ message: String) {
        findings.append(Finding(.notice, at: location, path: path, message))
    }

    /// Whether something in this part of the tree is wrong, so that conclusions from it would only repeat that.
    func hasErrors(in path: String) -> Bool {
        findings.contains { $0.severity == .error && ($0.path == path || $0.path.hasPrefix(path + ".") || $0.path.hasPrefix(path + "[")) }
    }
}
