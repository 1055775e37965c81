/// What an address may put into the path of a Maildir: it never leaves its place, and hides nothing.
public enum MaildirName {
    /// Octets that a folder's name may have on the file systems of Linux.
    public static let maximumOctets = 255

    /// Why no folder can have this name, as the second half of a sentence; nil if one can.
    public static func problem(_ name: String) -> String? {
        if name.isEmpty { return "no folder has an empty name" }
        if name.utf8.count > maximumOctets { return "no folder has a name over \(maximumOctets) octets" }
        if name.utf8.contains(UInt8(ascii: "/")) { return "no folder can have a name with `/`" }
        if name.utf8.first == UInt8(ascii: ".") { return "no mailbox may have a name that begins with a dot" }
        // U+0080 to U+009F are control characters too.
        let hasControl = name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        return hasControl ? "no folder may have a name with control characters" : nil
    }
}
