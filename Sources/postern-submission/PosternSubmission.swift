import SubmissionService

@main
enum Main {
    static func main() { SubmissionCommand.main() }
}
