import Glibc
import Testing

@testable import ServiceRuntime

struct LocalTimeTests {
    @Test("local time follows the time zone, and its summer time at the moment that is asked about")
    func summerTime() async {
        // A process of its own: the environment is everybody's.
        await #expect(processExitsWith: .success) {
            setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1)
            tzset()
            // 1 January and 1 July 2026, noon in UTC.
            #expect(LocalTime.offset(at: 1_767_268_800) == 3600)
            #expect(LocalTime.offset(at: 1_782_907_200) == 7200)
        }
    }

    @Test("half hours count, also west of Greenwich")
    func halfHours() async {
        await #expect(processExitsWith: .success) {
            setenv("TZ", "NST3:30", 1)
            tzset()
            #expect(LocalTime.offset(at: 1_767_268_800) == -12_600)
        }
    }
}
