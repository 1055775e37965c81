import MailboxService

@main
enum Main {
    static func main() { MailboxCommand.main() }
}
