import CommandLineTool

@main
struct Main {
    static func main() { PosternCommand.runProgram(Array(CommandLine.arguments.dropFirst())) }
}
