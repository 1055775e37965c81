import MailVocabulary
import SMTPProtocol
import TransportSecurity

/// What is worth telling of a stage that passed, from text that a stranger chose: bounded, and printable already.
enum ProbeNotes {
    private static let maximumExtensions = 40
    private static let maximumText = 200

    static func of(_ reply: RemoteReply, at kind: ProbeStage.Kind) -> [String] {
        guard kind == .hello || kind == .helloAgain else { return [String("\(reply.reply)".prefix(maximumText))] }
        let extensions = reply.lines.dropFirst().filter { !$0.isEmpty }
        let shown = extensions.prefix(maximumExtensions).map { String($0.prefix(maximumText)) }
        let more = extensions.count > shown.count ? ["and \(extensions.count - shown.count) more"] : []
        return [String("\(reply.code) \(reply.lines.first ?? "")".prefix(maximumText))]
            + (extensions.isEmpty ? [] : [(shown + more).joined(separator: ", ")])
    }

    static func of(_ handshake: TLSHandshake, now: Timestamp) -> [String] {
        var notes = ["\(handshake.channel.version), \(handshake.channel.cipher)"]
        guard let certificate = handshake.peerCertificate else { return notes }
        notes.append("certificate \(certificate.subject.isEmpty ? "without subject" : String(certificate.subject.prefix(maximumText)))")
        let names = certificate.names.prefix(10).map(\.description).joined(separator: ", ")
        notes.append(certificate.names.isEmpty ? "for no name" : "for \(names)\(certificate.names.count > 10 ? ", ..." : "")")
        let days = certificate.daysLeft(at: now)
        notes.append(
            certificate.isExpired(at: now)
                ? "expired since \(certificate.notAfter.day)" : "valid for \(days) more days, to \(certificate.notAfter.day)")
        if let verification = handshake.verification {
            notes.append(verification.chainError.map { "chain not trusted: \($0)" } ?? "chain trusted")
            notes.append(verification.isNameMatching ? "the name matches" : "the name does not match")
        }
        return notes
    }
}
