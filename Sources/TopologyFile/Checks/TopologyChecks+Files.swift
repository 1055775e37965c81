import Topology

/// Whose files are looked at when a configuration is read.
public enum FilesToCheck: Hashable, Sendable {
    /// None but the configuration itself.
    case none
    /// Those that this role reads: what it cannot read is an error.
    case of(Role)
    /// Those of all roles, as far as this process can tell: what is missing, or a folder, keeps a daemon from starting, and is an error.
    /// A file that is closed to this process may be open to another's account; that is an error for the reader's own role alone.
    case ofAll(reader: Role?)
}

extension TopologyChecks {
    mutating func check(_ files: FilesToCheck, _ inspection: FileInspection = .none) {
        switch files {
        case .none: return
        case .of(let role): checkFiles(of: role, isReader: true, inspection)
        case .ofAll(let reader):
            for role in Role.allCases { checkFiles(of: role, isReader: role == reader, inspection) }
        }
    }

    private mutating func checkFiles(of role: Role, isReader: Bool, _ inspection: FileInspection) {
        // A feature that does not act yet needs nothing.
        for file in topology.files(of: role) where !file.path.isEmpty && ConfigurationModel.acts(file.keys, in: root) {
            let place = place(file.keys)
            let path = Printable.escaped(file.path)
            if file.isSecret, FileBytes.isOpenToEverybody(file.path) {
                report.error(
                    place.location, place.path, "\(path): everybody on this machine can read the password",
                    accepted: "a file of mode 0600 or 0640")
                continue
            }
            // A list of names may be switched off by it; a secret has something to say.
            let orNull = file.keys.first == "resolver"
            guard let problem = FileBytes.problem(reading: file.path, orNull: orNull) else {
                for fault in inspection.faults(file, role, topology) {
                    let message = Printable.escaped(fault.message)
                    if fault.isError {
                        report.error(place.location, place.path, message, accepted: fault.accepted)
                    } else {
                        report.warning(place.location, place.path, message)
                    }
                }
                continue
            }
            if problem.mayBeOfThisAccount, !isReader {
                report.warning(
                    place.location, place.path,
                    "\(path): \(problem.message) for this account; postern-\(role.rawValue) must be able to read it")
            } else {
                report.error(
                    place.location, place.path, "postern-\(role.rawValue) cannot read \(path): \(problem.message)",
                    accepted: "a file that its account may read")
            }
        }
    }
}
