import CoreService

@main
enum Main {
    static func main() { CoreCommand.main() }
}
