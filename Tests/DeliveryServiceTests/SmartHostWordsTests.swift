import MailVocabulary
import Testing
import Topology

@testable import DeliveryService

@Suite("What is said of a smart host that there is no way to")
struct SmartHostWordsTests {
    @Test(
        "kind: one code, the smart host by name, and what is wrong in plain words",
        arguments: [
            (Reply(550, "5.1.2", "smtp.isp.test does not exist"), "451 4.4.3 the smart host smtp.isp.test is not in the DNS"),
            (
                Reply(554, "5.4.6", "mail for smtp.isp.test loops back to myself"),
                "451 4.4.3 the smart host smtp.isp.test is this system itself: mail for it would loop"
            ),
            (
                Reply(550, "5.4.4", "smtp.isp.test has no IPv4 address"),
                "451 4.4.3 the smart host smtp.isp.test cannot be used: smtp.isp.test has no IPv4 address"
            ),
        ])
    func words(reply: Reply, expected: String) throws {
        let name = try #require(DomainName(parsing: "smtp.isp.test"))
        let host = SmartHost(host: .name(name))
        #expect("\(DeliveryService.unusable(host, reply))" == expected)
    }
}
