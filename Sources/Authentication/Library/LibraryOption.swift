import CSASL
import Glibc

/// The library's options: all that it would otherwise read from files.
enum LibraryOption {
    /// Our source of auxiliary properties, and the only one that may be asked.
    static let pluginName = "postern"

    /// Options that hold for every exchange. Literals: their characters live as long as the process.
    private static let fixed: [(name: StaticString, value: StaticString)] = [
        ("auxprop_plugin", "postern"),
        // Asked where our own check said no. Our properties give it no password with mechanisms that send one, so it says no, too.
        ("pwcheck_method", "auxprop"),
        ("canon_user_plugin", "INTERNAL"),
        ("log_level", "4"),
    ]

    static func value(_ name: UnsafePointer<CChar>) -> UnsafePointer<CChar>? {
        for option in fixed where strcmp(name, pointer(option.name)) == 0 { return pointer(option.value) }
        return nil
    }

    private static func pointer(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// Answers with an option's value in the way of `sasl_getopt_t`.
func answer(
    _ value: UnsafePointer<CChar>?, _ result: UnsafeMutablePointer<UnsafePointer<CChar>?>?, _ length: UnsafeMutablePointer<UInt32>?
) -> Int32 {
    guard let value, let result else { return SASL_FAIL }
    result.pointee = value
    length?.pointee = UInt32(strlen(value))
    return SASL_OK
}

typealias OptionReader =
    @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafeMutablePointer<UnsafePointer<CChar>?>?,
        UnsafeMutablePointer<UInt32>?
    ) -> Int32

let readGlobalOption: OptionReader = { _, _, name, result, length in
    answer(name.flatMap { LibraryOption.value($0) }, result, length)
}

/// The library keeps callbacks as functions without parameters, and casts them back by their id.
func callback<Function>(_ function: Function) -> (@convention(c) () -> Int32) {
    unsafeBitCast(function, to: (@convention(c) () -> Int32).self)
}
