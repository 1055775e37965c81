import ArgumentParser
import Foundation
import ServiceRuntime

/// A text of PEM that a person hands over.
enum PEMInput {
    private static let limit = 1 << 20

    static func read(_ path: String) throws -> [UInt8] {
        let data: Data
        do {
            let handle = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            data = try readAll(handle)
        } catch {
            Environment.printError("postern: cannot read \(path): \(SystemReason.text(ofErrorNumber: errno))")
            throw ExitCode(ExitStatus.inputOutput.rawValue)
        }
        guard data.count <= limit else {
            Environment.printError("postern: \(path) is larger than \(limit) octets, which no certificate or request is")
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
        return Array(data)
    }

    /// No more than shows that it is too long.
    private static func readAll(_ handle: FileHandle) throws -> Data {
        var data = Data()
        while data.count <= limit, let part = try handle.read(upToCount: 65_536), !part.isEmpty { data += part }
        return data
    }
}
