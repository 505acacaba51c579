import System
import Testing

@testable import Intake

@Suite("When entries are looked into")
struct LookScheduleTests {
    private let start = LookSchedule.Instant.now
    private let a = RawPath("a")
    private let b = RawPath("b")

    private func at(_ seconds: Double) -> LookSchedule.Instant { start.advanced(by: .seconds(seconds)) }

    private func due(
        _ schedule: LookSchedule, _ seconds: Double, settling: [RawPath] = [], waiting: [RawPath] = []
    ) -> Set<RawPath> {
        schedule.due(at: at(seconds), settling: settling, waiting: waiting)
    }

    @Test("An entry that changes all the time is scanned for a tenth of the time")
    func busy() {
        var schedule = LookSchedule()
        schedule.noteChanges(of: [a])
        #expect(due(schedule, 0) == [a])
        schedule.noteScan(of: a, from: at(0), until: at(1))
        #expect(due(schedule, 100).isEmpty && schedule.next == nil)
        schedule.noteChanges(of: [a])
        #expect(due(schedule, 10.9, settling: [a]).isEmpty && schedule.next == at(11))
        #expect(due(schedule, 11) == [a])
    }

    @Test("One in which nothing happens is looked at when it may have settled, and one that arrives at once")
    func quiet() {
        var schedule = LookSchedule()
        for name in [a, b] { schedule.noteScan(of: name, from: at(0), until: at(1)) }
        schedule.noteArrival(of: b)
        #expect(due(schedule, 1, settling: [a]) == [a, b])
    }

    @Test("An entry that can't be looked into is left alone for a while, whatever waits in it")
    func failing() {
        var schedule = LookSchedule()
        schedule.noteFailure(of: a, at: at(0))
        #expect(due(schedule, 9, waiting: [a, b]) == [b])
        #expect(due(schedule, 10, waiting: [a, b]) == [a, b])
        schedule.retain([b])
        #expect(due(schedule, 10).isEmpty && schedule.next == nil)
    }
}
