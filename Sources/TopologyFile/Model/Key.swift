/// One key of the configuration file: all that decoder, JSON Schema and reference know of it.
struct Key: Sendable {
    let name: String
    let value: ValueModel
    let isRequired: Bool
    /// As the file would write it, or in words; nil where there is nothing to say.
    let defaultText: String?
    /// The rows of the reference that it implements.
    let rows: [String]
    /// One or two sentences.
    let summary: String
    /// nil: it acts.
    let feature: Feature?

    init(
        _ name: String, _ value: ValueModel, required: Bool = false, default defaultText: String? = nil, rows: [String] = [],
        later feature: Feature? = nil, _ summary: String
    ) {
        (self.name, self.value, self.isRequired, self.defaultText) = (name, value, required, defaultText)
        (self.rows, self.feature, self.summary) = (rows, feature, summary)
    }
}
