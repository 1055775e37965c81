import DurableStorage
import MailVocabulary

/// Brings keys of earlier releases, which were not composed (`comparableName`), into the form that names are looked up by now.
///
/// Done at each opening: it reads the keys that are not ASCII and writes those that differ. One whose new form is taken stays as it is:
/// which of the two was meant is the administrator's to say.
enum DirectoryKeyForms {
    private static let columns = [("entries", "key"), ("targets", "key"), ("credentials", "login_key")]

    static func compose(in connection: SQLiteConnection) throws(SQLiteError) {
        for (table, column) in columns {
            let select = try connection.prepare("SELECT DISTINCT \(column) FROM \(table) WHERE \(column) GLOB '*[^' || char(1) || '-~]*'")
            var changes: [(old: String, new: String)] = []
            while try select.step() {
                let key = select.text(0)
                let composed = key.comparableName
                if !composed.utf8.elementsEqual(key.utf8) { changes.append((key, composed)) }
            }
            guard !changes.isEmpty else { continue }
            let update = try connection.prepare("UPDATE OR IGNORE \(table) SET \(column) = ?1 WHERE \(column) = ?2")
            for change in changes {
                try update.bind(change.new, at: 1)
                try update.bind(change.old, at: 2)
                try update.run()
            }
        }
    }
}
