import Testing

@testable import NameResolution

@Suite("Facts of the network: the system's file of name servers")
struct ResolvConfTests {
    private func read(_ text: String) -> ResolvConf { ResolvConf(parsing: Array(text.utf8), file: "resolv.conf") }

    @Test("name servers are read in their order, once each; everything else is passed over in silence")
    func servers() {
        let found = read(
            "# generated\nsearch example.org\nnameserver 192.0.2.53\n nameserver\t2001:db8::53 # ours\r\n; nameserver 192.0.2.9\noptions edns0\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\n"
        )
        #expect(found.servers == ["192.0.2.53", "2001:db8::53", "fe80::1%eth0"])
        #expect(found.notes == [])
    }

    @Test(
        "a bad or empty line is passed over with a note, and those after it count",
        arguments: [
            ("nameserver", "'nameserver' without an address"), ("nameserver  # none", "'nameserver' without an address"),
            ("nameserver dns.example", "'dns.example' is no address of a name server"),
            ("nameserver 192.0.2.300", "'192.0.2.300' is no address of a name server"),
            ("nameserver fe80::1%", "'fe80::1%' is no address of a name server"),
            ("nameserver 192.0.2.1%eth0", "'192.0.2.1%eth0' is no address of a name server"),
        ])
    func badLine(_ line: String, _ note: String) {
        let found = read("nameserver 192.0.2.53\n\(line)\nnameserver 192.0.2.54\n")
        #expect(found.servers == ["192.0.2.53", "192.0.2.54"])
        #expect(found.notes == ["resolv.conf:2: \(note); the line is passed over"])
    }

    @Test("where no server is named 127.0.0.1 is asked, never the root servers", arguments: ["", "nameserver\n", "search example.org"])
    func none(_ text: String) {
        #expect(read(text).servers == ["127.0.0.1"])
        #expect(read(text).notes.last == "resolv.conf names no name server: 127.0.0.1 is asked")
        #expect(ResolvConf(parsing: nil, file: "resolv.conf").notes == ["resolv.conf cannot be read: 127.0.0.1 is asked"])
    }

    @Test("servers and notes are bounded")
    func bounds() {
        let found = read((1...50).map { "nameserver 192.0.2.\($0)\nnameserver x\n" }.joined())
        #expect(found.servers.count == ResolvConf.maximumServers)
        #expect(found.notes.count == ResolvConf.maximumNotes)
    }
}
