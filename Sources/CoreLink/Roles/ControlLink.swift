import MailVocabulary
import NIOCore

/// What the command line may ask of the core: for root, the core's account and the configured group.
public enum ControlLink: LinkRole {
    public static let name = RoleName.control
    public typealias Request = ControlRequest
    public typealias Response = ControlResponse
}

/// One request of the command line: a word for what is wanted and its arguments. The core answers with any number of `object`s
/// and then `done`, or with `refused`.
///
/// The words are an enum, the arguments text: they are what a person typed, and the core validates them as it would a person's.
public struct ControlRequest: Hashable, Sendable {
    public enum Command: UInt8, CaseIterable, Hashable, Sendable {
        case status = 1
        case metrics = 2
        case reload = 3
        /// The text of the configuration that runs.
        case configuration = 4
        case queueList = 10
        case queueShow = 11
        /// Decides again about held mail, now.
        case queueRelease = 12
        /// Removes mail without a report.
        case queueDelete = 13
        case userAdd = 20
        case userList = 21
        case userRemove = 22
        case userPassword = 23
        case credentialAdd = 24
        case credentialList = 25
        case credentialRemove = 26
        case credentialOwner = 27
        /// Its answer has verifiers: for root and the core's account alone.
        case userExport = 28
        case aliasAdd = 30
        case aliasList = 31
        case aliasRemove = 32
        case aliasTargetAdd = 33
        case aliasTargetRemove = 34
        case groupAdd = 40
        case groupList = 41
        case groupRemove = 42
        case groupMemberAdd = 43
        case groupMemberRemove = 44
        case explainRefusal = 50
        case explainMessage = 51
    }

    public let command: Command
    public let arguments: [String]

    public init(_ command: Command, _ arguments: [String] = []) { (self.command, self.arguments) = (command, arguments) }
}

public enum ControlResponse: Hashable, Sendable {
    /// One JSON object, or for `metrics` a piece of the Prometheus text.
    case object(String)
    case done
    /// Why not, as a sentence, and the exit status for the command line (sysexits.h).
    case refused(String, exitCode: UInt8)
}

extension ControlRequest: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> ControlRequest {
        guard let command = Command(rawValue: kind) else { throw .unknownKind(kind) }
        return ControlRequest(command, try reader.array { reader throws(WireError) in try reader.text() })
    }

    public func write(into buffer: inout ByteBuffer) {
        Frame.append(kind: command.rawValue, to: &buffer) { $0.write(array: arguments) { $0.write($1) } }
    }
}

extension ControlResponse: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> ControlResponse {
        switch kind {
        case 1: .object(try reader.text())
        case 2: .done
        case 3: .refused(try reader.text(), exitCode: try reader.integer())
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .object(let text): Frame.append(kind: 1, to: &buffer) { $0.write(text) }
        case .done: Frame.append(kind: 2, to: &buffer) { _ in }
        case .refused(let reason, let exitCode):
            Frame.append(kind: 3, to: &buffer) {
                $0.write(reason)
                $0.write(exitCode)
            }
        }
    }
}
