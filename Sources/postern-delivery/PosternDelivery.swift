import DeliveryService

@main
enum Main {
    static func main() { DeliveryCommand.main() }
}
