import ArgumentParser
import Explanation
import ServiceRuntime
import TopologyFile

/// Errors of the files beside the configuration.
enum Reporting {
    /// Prints each with its place, and ends the command with 65.
    static func of<Result>(_ body: () throws -> Result) throws -> Result {
        let findings: [Finding]
        do { return try body() } catch let failure as CompanionFile.Failure {
            findings = failure.findings
        } catch let failure as MemoryDirectory.Failure {
            findings = failure.findings
        } catch let conflict as DirectoryPlan.Conflict {
            findings = conflict.findings
        }
        for finding in findings { Environment.printError(finding.text) }
        throw ExitCode(ExitStatus.dataError.rawValue)
    }
}
