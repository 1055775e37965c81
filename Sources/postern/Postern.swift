import CommandLineTool

@main
struct Main {
    static func main() async { await PosternCommand.main(ArgumentOrder.configurationLast(Array(CommandLine.arguments.dropFirst()))) }
}
