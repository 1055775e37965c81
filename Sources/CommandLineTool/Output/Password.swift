import ArgumentParser
import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// A password that somebody sets.
enum Password {
    /// As the directory takes it.
    static let maximumOctets = 1024

    /// Why it is not taken.
    struct Refusal: Error, Equatable {
        let message: String
        let status: ExitStatus

        static let empty = Refusal(message: "the password is empty", status: .dataError)
        static let tooLong = Refusal(message: "the password is longer than \(maximumOctets) octets", status: .dataError)
        static let notUTF8 = Refusal(message: "the password is not UTF-8", status: .dataError)
        static let differ = Refusal(message: "the two passwords differ", status: .usage)
        static let notRead = Refusal(message: "no password can be read from the terminal", status: .usage)
    }

    /// From standard input, or asked for twice at a terminal. Ends the command where there is none that could be taken.
    ///
    /// - Parameter fromInput: the first line of standard input, also where that is a terminal.
    static func read(fromInput: Bool = false) throws -> String {
        do throws(Refusal) {
            if fromInput || !Environment.isTerminal(STDIN_FILENO) { return try checked(readLine()) }
            let first = try ask("Password: ")
            let password = try checked(first)
            guard try ask("Again: ") == first else { throw .differ }
            return password
        } catch {
            Environment.printError("postern: \(error.message)")
            throw ExitCode(error.status.rawValue)
        }
    }

    /// - Parameter octets: a line without its end.
    static func checked(_ octets: [UInt8]) throws(Refusal) -> String {
        guard !octets.isEmpty else { throw .empty }
        guard octets.count <= maximumOctets else { throw .tooLong }
        guard let password = String(validating: octets, as: UTF8.self) else { throw .notUTF8 }
        return password
    }

    /// One line, without its end; of a longer one than a password may be, no more than shows that.
    private static func readLine() -> [UInt8] {
        var line: [UInt8] = []
        var octet: UInt8 = 0
        // Room for CR, which may belong to the end of the line.
        while line.count <= maximumOctets + 1 {
            let count = Glibc.read(STDIN_FILENO, &octet, 1)
            if count < 0, errno == EINTR { continue }
            if count <= 0 || octet == UInt8(ascii: "\n") { break }
            line.append(octet)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    private static func ask(_ prompt: String) throws(Refusal) -> [UInt8] {
        guard let typed = getpass(prompt) else { throw .notRead }
        return Array(UnsafeRawBufferPointer(start: typed, count: strlen(typed)))
    }
}

/// `--password-stdin`, for what needs a password.
struct PasswordInput: ParsableArguments {
    @Flag(help: "Read the password from standard input, also at a terminal.") var passwordStdin = false
}
