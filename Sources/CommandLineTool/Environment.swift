import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// What the command line needs of its surroundings.
enum Environment {
    static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    static func printError(_ text: String) { StandardError.print(text) }
}
