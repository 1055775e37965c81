/// `postern.yaml(5)`, from the model that the decoder uses.
enum ConfigurationManual {
    /// - Parameter date: of the page: `2026-11-25`.
    static func page(date: String) -> String {
        var lines = [
            ".TH POSTERN.YAML 5 \(date) Postern Postern",
            ".SH NAME",
            "postern.yaml \\- configuration of Postern",
            ".SH DESCRIPTION",
            Roff.text("One file describes the whole topology, and every daemon reads the same one. Unknown keys are errors."),
            Roff.text("`postern check` says all that is wrong with it at once, and `postern init` writes a first one."),
            ".PP",
            Roff.text(
                "Paths are relative to the folder of the file. Durations are written `90s`, `10m`, `12h`, `2d`; sizes `512B`, `64KiB`, `10MiB`, `1GiB`;"
            ),
            Roff.text("limits as a number from 1, or `none`."),
        ]
        for section in Reference.sections() {
            lines.append(heading(section))
            for key in section.keys {
                lines += [".TP", "\\fB\(Roff.literal(key.name))\\fR"]
                lines.append(Roff.text(key.summary + (key.feature == nil ? "" : " Not yet active.")))
                lines.append(".br")
                var facts = "Accepted: \(Reference.accepted(key.value))."
                if key.isRequired { facts += " Required." } else if let byDefault = key.defaultText { facts += " Default: \(byDefault)." }
                lines.append(Roff.text(facts))
            }
        }
        lines += [
            ".SH FILES", ".TP", "\\fI/etc/postern/postern.yaml\\fR", "Where it is unless an option says otherwise.",
            ".SH SEE ALSO", "\\fBpostern\\fR(1), \\fBpostern\\-core\\fR(8)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func heading(_ section: Reference.Section) -> String {
        guard !section.path.isEmpty else { return ".SH THE FILE ITSELF" }
        let name = Roff.literal(section.path) + (section.role.map { " with role: \($0), besides" } ?? "")
        return section.level == 2 ? ".SH \"\(name)\"" : ".SS \"\(name)\""
    }
}

extension TopologyFile {
    /// The manual page `postern.yaml(5)`, in man(7).
    ///
    /// - Parameter date: of the page: `2026-11-25`.
    public static func manualPage(date: String) -> String { ConfigurationManual.page(date: date) }
}
