import Glibc

/// Colour for those who look at a terminal; a pipe gets none, nor does a terminal whose user asks for none (no-color.org).
struct Paint: Sendable {
    enum Colour: Int, Sendable {
        case plain = 0
        case bad = 31
        case good = 32
        case doubtful = 33
    }

    let isOn: Bool

    static func ofStandardOutput() -> Paint {
        Paint(
            isOn: Environment.isTerminal(STDOUT_FILENO) && Environment.variable("NO_COLOR") == nil && Environment.variable("TERM") != "dumb"
        )
    }

    func callAsFunction(_ text: String, _ colour: Colour) -> String {
        isOn && colour != .plain ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }
}
