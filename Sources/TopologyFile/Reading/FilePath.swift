import Glibc

/// Paths as a configuration file states them: relative to its folder.
enum FilePath {
    /// The absolute folder of a file.
    static func folder(of file: String) -> String {
        let absolute = absolute(file, in: workingDirectory())
        guard let slash = absolute.lastIndex(of: "/"), slash != absolute.startIndex else { return "/" }
        return String(absolute[..<slash])
    }

    /// - Parameter folder: absolute.
    /// - Returns: an absolute path without `.`, `..`, doubled or trailing slashes; `..` takes back what is written before it.
    static func absolute(_ path: String, in folder: String) -> String {
        let whole = path.hasPrefix("/") ? path : folder + "/" + path
        var parts: [Substring] = []
        for part in whole.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func workingDirectory() -> String {
        // A working directory that was removed has no name; then `/` is as good as any.
        guard let buffer = getcwd(nil, 0) else { return "/" }
        defer { free(buffer) }
        return String(cString: buffer)
    }
}
