import Foundation
import MailVocabulary
import Topology

/// Where Dovecot finds an account's mail.
struct MailboxPlace {
    let topology: Topology?
    let uid: String
    let gid: String
    let home: String?

    func fields(of account: EmailAddress) -> DovecotPasswdFile.Fields {
        let maildir = maildir(of: account)
        return DovecotPasswdFile.Fields(uid: uid, gid: gid, home: home.map { filled($0, account) } ?? maildir ?? "", maildir: maildir)
    }

    private func maildir(of account: EmailAddress) -> String? {
        guard let domain = account.domain.name else { return nil }
        for connector in topology?.connectors(covering: domain) ?? [] {
            if case .maildir(let template) = connector.deliver { return filled(template, account) }
        }
        return nil
    }

    private func filled(_ template: String, _ account: EmailAddress) -> String {
        template.replacingOccurrences(of: "{domain}", with: account.domain.name?.text ?? "")
            .replacingOccurrences(of: "{user}", with: account.localPart.lowercased())
    }
}
