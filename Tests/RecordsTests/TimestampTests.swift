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

    @Test(
        "Any other form of time is refused",
        arguments: [
            "", "2026-07-31", "2026-07-31 09:05:00.250Z", "2026-02-30T00:00:00.000Z", "2026-07-31T09:05:00.25Z0",
        ])
    func otherForms(text: String) { #expect(Timestamp(text) == nil) }
}
