import System
import Testing

@testable import Intake

@Suite("Halves of renames")
struct RenamesUnderWayTests {
    private let start = RenamesUnderWay.Instant.now

    private func at(_ seconds: Double) -> RenamesUnderWay.Instant { start.advanced(by: .seconds(seconds)) }

    @Test("Halves belong together by their cookies, whatever comes between")
    func pairs() {
        var renames = RenamesUnderWay()
        renames.begin(1, from: RawPath("d/a"), isFolder: false, at: at(0))
        renames.begin(2, from: RawPath("d/b"), isFolder: true, at: at(0))
        #expect(renames.end(1)?.path == RawPath("d/a"))
        #expect(renames.end(2)?.path == RawPath("d/b"))
        #expect(renames.end(2) == nil)
        #expect(renames.departed(by: at(9)).isEmpty)
    }

    @Test("What gets no other name within a second has left, and is told once")
    func departures() {
        var renames = RenamesUnderWay()
        renames.begin(1, from: RawPath("d/a"), isFolder: false, at: at(0))
        renames.begin(2, from: RawPath("d/b"), isFolder: false, at: at(0.5))
        #expect(renames.departed(by: at(0.9)).isEmpty)
        #expect(renames.departed(by: at(1)).map(\.path) == [RawPath("d/a")])
        #expect(renames.departed(by: at(1.4)).isEmpty)
        #expect(renames.departed(by: at(1.5)).map(\.path) == [RawPath("d/b")])
        #expect(renames.departed(by: at(9)).isEmpty)
    }

    @Test(
        "A file that gets or loses the name of files under removal is the intake's own doing, and no other is",
        arguments: [
            ("d/a", "d/.cultivar~a", false, true), ("d/.cultivar~a", "d/a~2", false, true),
            ("d/a", "d/b", false, false), ("d/a", "d/.cultivar~a", true, false), (".cultivar~d/a", "d/a", false, false),
        ])
    func removals(_ from: String, _ to: String, _ isFolder: Bool, _ isOwn: Bool) {
        let origin = RenamesUnderWay.Origin(path: RawPath(from), isFolder: isFolder)
        #expect(origin.isPartOfRemoval(to: RawPath(to)) == isOwn)
    }
}
