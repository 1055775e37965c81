import AuthService

@main
enum Main {
    static func main() { AuthCommand.main() }
}
