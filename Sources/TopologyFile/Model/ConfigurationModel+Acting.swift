extension ConfigurationModel {
    /// Whether what stands at a place of the tree acts in this version: no key on the way to it waits for a feature.
    ///
    /// - Parameters:
    ///   - keys: from the root.
    ///   - tree: what is written.
    static func acts(_ keys: [String], in tree: Value) -> Bool {
        var (model, value) = (root, Optional(tree))
        for name in keys {
            guard let table = model.table(for: value) else {
                guard case .map(_, _, let element, _) = model else { return true }
                (model, value) = (element, value?[name])
                continue
            }
            guard let key = table.key(name) else { return true }
            if key.feature != nil { return false }
            (model, value) = (key.value, value?[name])
        }
        return true
    }
}

extension ValueModel {
    /// The table that a value is written in.
    fileprivate func table(for value: Value?) -> TableModel? {
        switch self {
        case .table(let table): return table
        case .either(let alternatives): return alternatives.lazy.compactMap { $0.table(for: value) }.first
        case .byRole(let tables): return tables.first { $0.word == value?["role"]?.text }?.table ?? tables.last?.table
        default: return nil
        }
    }
}
