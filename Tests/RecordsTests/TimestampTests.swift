import Testing

@testable import Records

@Suite("Timestamps")
struct TimestampTests {
    @Test("A moment is written as ISO 8601 in UTC with milliseconds and read back")
    func roundTrip() throws {
        let moment = Timestamp(millisecondsSince1970: 1_785_488_700_250)
        #expect(moment.description == "2026-07-31T09:05:00.250Z")
        #expect(Timestamp("2026-07-31T09:05:00.250Z") == moment)
    }

    @Test("A moment before 1970 keeps its milliseconds positive")
    func beforeEpoch() {
        #expect(Timestamp(millisecondsSince1970: -1).description == "1969-12-31T23:59:59.999Z")
    }

    @Test("A span is taken off to the millisecond, across the epoch too")
    func earlier() {
        let moment = Timestamp(millisecondsSince1970: 1_250)
        #expect(moment - .milliseconds(1_251) == Timestamp(millisecondsSince1970: -1))
        #expect(moment - .seconds(-86_400) == Timestamp(millisecondsSince1970: 86_401_250))
        #expect(moment - .microseconds(1_999) == Timestamp(millisecondsSince1970: 1_249))
    }

    @Test(
        "Any other form of time is refused",
        arguments: [
            "", "2026-07-31", "2026-07-31 09:05:00.250Z", "2026-02-30T00:00:00.000Z", "2026-07-31T09:05:00.25Z0",
        ])
    func otherForms(text: String) { #expect(Timestamp(text) == nil) }
}
