import Archive
import Pipeline
import Testing

@Suite("Training schedule")
struct TrainingScheduleTests {
    private func schedule(onDrop: Bool = false) -> TrainingSchedule {
        var settings = Settings().train
        settings.every = 60
        settings.onDrop = onDrop
        return TrainingSchedule(settings, now: 100)
    }

    @Test("The first regular look is one period after the start, the next one period after that")
    func period() {
        var schedule = schedule()
        #expect(schedule.due(at: 159.9, hasRequest: false, inboxIsBusy: false) == nil)
        #expect(schedule.due(at: 160, hasRequest: false, inboxIsBusy: false) == .schedule)
        schedule.noteLook(at: 165)
        #expect(schedule.due(at: 224, hasRequest: false, inboxIsBusy: false) == nil)
        #expect(schedule.due(at: 225, hasRequest: false, inboxIsBusy: false) == .schedule)
    }

    @Test("A request comes before drops and regular looks, and waits for a quiet inbox as they do")
    func request() {
        var schedule = schedule(onDrop: true)
        schedule.noteDrop()
        #expect(schedule.due(at: 500, hasRequest: true, inboxIsBusy: true) == nil)
        #expect(schedule.due(at: 500, hasRequest: true, inboxIsBusy: false) == .request)
    }

    @Test("A busy inbox puts regular looks and drops off until it is quiet")
    func busy() {
        var schedule = schedule(onDrop: true)
        schedule.noteDrop()
        #expect(schedule.due(at: 500, hasRequest: false, inboxIsBusy: true) == nil)
        #expect(schedule.due(at: 500, hasRequest: false, inboxIsBusy: false) == .drop)
    }

    @Test("A drop is due once, and only where that is wanted")
    func drop() {
        var wanted = schedule(onDrop: true)
        #expect(wanted.due(at: 101, hasRequest: false, inboxIsBusy: false) == nil)
        wanted.noteDrop()
        #expect(wanted.due(at: 101, hasRequest: false, inboxIsBusy: false) == .drop)
        wanted.noteLook(at: 101)
        #expect(wanted.due(at: 102, hasRequest: false, inboxIsBusy: false) == nil)
        var unwanted = schedule()
        unwanted.noteDrop()
        #expect(unwanted.due(at: 101, hasRequest: false, inboxIsBusy: false) == nil)
    }
}

@Suite("Readiness")
struct ReadinessTests {
    private func reason(_ labels: [LabelCount], new: Int = 10, minNew: Int = 2) -> String? {
        var settings = Settings().train
        settings.minNew = minNew
        return Readiness(settings: settings, labels: labels, newPictures: new).reasonToSkip
    }

    private struct Count: Encodable {
        let label: String
        let train: Int
        let test: Int
    }

    private func label(_ name: String, _ train: Int = 5, _ test: Int = 1) throws -> LabelCount {
        try JSONText(Count(label: name, train: train, test: test)).decoded()
    }

    @Test("Two classes of five training pictures and a test picture each are enough")
    func enough() throws { #expect(try reason([label("a"), label("b")], new: 2) == nil) }

    @Test("No pictures at all are told apart from no new ones")
    func noPictures() throws {
        #expect(reason([], new: 0) == "there are no pictures yet")
        #expect(try reason([label("a"), label("b")], new: 0) == "0 new pictures, 2 needed (train.min_new)")
        #expect(try reason([label("a"), label("b")], new: 1) == "1 new picture, 2 needed (train.min_new)")
    }

    @Test("One class is named")
    func oneClass() throws { #expect(try reason([label("a")]) == "there is one class only, a; at least 2 are needed") }

    @Test("A class with too few training pictures is named, with how many it has and needs")
    func fewTrainingPictures() throws {
        #expect(
            try reason([label("a"), label("b", 4)]) == "class b has 4 training pictures, 5 needed (train.min_per_class)"
        )
        #expect(
            try reason([label("a", 1), label("b")]) == "class a has 1 training picture, 5 needed (train.min_per_class)")
    }

    @Test("A class without a test picture is named")
    func noTestPicture() throws {
        #expect(try reason([label("a"), label("b", 5, 0)]) == "class b has no test picture, at least 1 needed")
    }

    @Test("Of several such classes the first is named and the others are counted")
    func several() throws {
        let two = try #require(try reason([label("a", 4), label("b"), label("c", 9, 0)]))
        #expect(two.hasPrefix("class a has 4 training pictures") && two.hasSuffix("; and 1 more class like it"))
        let three = try #require(try reason([label("a", 4), label("b", 0), label("c", 9, 0)]))
        #expect(three.hasSuffix("; and 2 more classes like it"))
    }
}
