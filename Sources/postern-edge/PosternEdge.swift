import EdgeService

@main
enum Main {
    static func main() { EdgeCommand.main() }
}
