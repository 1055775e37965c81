/// Decimal numbers of the grammar: `1*20DIGIT`.
enum DecimalNumber {
    /// - Returns: the number, `Int.max` where it is larger than that; nil for anything but 1 to 20 digits.
    static func read(_ bytes: some Collection<UInt8>) -> Int? {
        guard (1...20).contains(bytes.count) else { return nil }
        var number = 0
        var isTooLarge = false
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowToo) = tens.addingReportingOverflow(Int(byte - 0x30))
            isTooLarge = isTooLarge || overflow || overflowToo
            number = sum
        }
        return isTooLarge ? Int.max : number
    }
}
