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

    /// Reads a password: from standard input where it is no terminal, otherwise by asking twice without echo.
    ///
    /// - Returns: nil where the two differ or nothing was typed.
    static func readPassword(prompt: String) -> String? {
        guard isTerminal(STDIN_FILENO) else { return readLine(strippingNewline: true) }
        func ask(_ prompt: String) -> String? { getpass(prompt).map { String(cString: $0) } }
        guard let first = ask("\(prompt): "), !first.isEmpty, let second = ask("Again: ") else { return nil }
        return first == second ? first : nil
    }
}
