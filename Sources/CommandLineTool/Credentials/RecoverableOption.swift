import ArgumentParser

/// `--recoverable`
struct RecoverableOption: ParsableArguments {
    @Flag(help: "Keep the password itself, sealed: for NTLM and CRAM-MD5 only, and the weaker choice.") var recoverable = false
}
