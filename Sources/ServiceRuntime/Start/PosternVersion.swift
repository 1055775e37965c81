/// Which Postern this is, for `--version`: of the whole system, since its programs are released together.
public enum PosternVersion {
    /// By semantic versioning; CHANGELOG.md says what each one changed.
    public static let number = "0.1.0"
    /// One line.
    public static let text = "Postern \(number)"
}
