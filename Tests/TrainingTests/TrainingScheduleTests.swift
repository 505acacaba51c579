import Archive
import Settings
import Testing
import Training

@testable import Records

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
    private func readiness(
        _ labels: [LabelCount], new: [LabelID: Int]? = nil, minNew: Int = 2,
        _ shortClasses: Settings.Train.ShortClasses = .leaveOut
    ) -> Readiness {
        var settings = Settings().train
        settings.minNew = minNew
        settings.shortClasses = shortClasses
        return Readiness(settings: settings, labels: labels, newPictures: new)
    }

    private let good = [
        LabelCount(id: 1, label: "a", train: 5, test: 1), LabelCount(id: 2, label: "b", train: 5, test: 1),
    ]

    private func label(_ id: LabelID, _ name: String, _ train: Int, _ test: Int) -> LabelCount {
        LabelCount(id: id, label: name, train: train, test: test)
    }

    @Test("Two classes of five training pictures and a test picture each are enough")
    func enough() {
        for choice in Settings.Train.ShortClasses.allCases {
            let ready = readiness(good, new: [2: 2], choice)
            #expect(ready.reasonToSkip == nil && ready.leftOut.isEmpty && ready.shortages.isEmpty)
        }
    }

    @Test("No pictures at all are told apart from no new ones, and a run that was asked for needs no new ones")
    func noPictures() {
        #expect(readiness([], new: [:]).reasonToSkip?.text == "there are no pictures yet")
        #expect(readiness(good, new: [:]).reasonToSkip?.text == "0 new pictures, 2 needed (train.min_new)")
        #expect(readiness(good, new: [1: 1]).reasonToSkip?.text == "1 new picture, 2 needed (train.min_new)")
        #expect(readiness(good, new: nil).reasonToSkip == nil)
    }

    @Test("One class is named")
    func oneClass() {
        #expect(readiness([good[0]]).reasonToSkip?.text == "there is only one class, a; at least 2 are needed")
    }

    @Test("Classes with too few training pictures, or without a test picture, are left out of a run of the others")
    func leftOut() {
        let ready = readiness([label(3, "Aplle", 1, 0)] + good + [label(4, "pear", 12, 0), label(5, "quince", 0, 9)])
        #expect(ready.reasonToSkip == nil)
        #expect(
            ready.leftOut == [
                3: Shortage(label: "Aplle", train: 1, test: 0, needed: 5),
                4: Shortage(label: "pear", train: 12, test: 0, needed: 5),
                5: Shortage(label: "quince", train: 0, test: 9, needed: 5),
            ])
        #expect(
            ready.shortages.map { "\($0.label): \($0.words)" } == [
                "Aplle: 1 training picture, 5 needed; no test picture", "pear: no test picture",
                "quince: 0 training pictures, 5 needed",
            ])
    }

    @Test("New pictures of classes that are left out don't make a run, and are told of")
    func newOfShortClass() {
        let labels = good + [label(3, "Aplle", 1, 0), label(4, "pear", 2, 1)]
        let few = readiness(labels, new: [1: 1, 3: 1, 4: 3])
        #expect(
            few.reasonToSkip?.text
                == "1 new picture, 2 needed (train.min_new); 4 pictures wait in classes that are too small: "
                + "Aplle (1 training picture, 5 needed; no test picture), "
                + "pear (2 training pictures, 5 needed)")
        #expect(readiness(labels, new: [1: 1, 2: 1, 3: 1]).reasonToSkip == nil)
    }

    @Test("Where fewer than two classes have enough pictures, the reason names the one that has and all that haven't")
    func tooFewClasses() {
        let one = readiness([good[0], label(2, "b", 4, 1), label(3, "c", 9, 0)]).reasonToSkip?.text
        #expect(
            one == "only the class a has enough pictures, and a run needs 2 classes; too small (train.min_per_class): "
                + "b (4 training pictures, 5 needed), c (no test picture)")
        let none = readiness([label(1, "a", 4, 1), label(2, "b", 1, 1)]).reasonToSkip?.text
        #expect(
            none?.hasPrefix(
                "no class has enough pictures, and a run needs 2 classes; too small (train.min_per_class): a (4 tr")
                == true)
    }

    @Test("With train.short_classes: wait, a short class keeps the others waiting, and nothing is left out")
    func wait() {
        let ready = readiness(good + [label(3, "Aplle", 1, 0)], .wait)
        #expect(
            ready.reasonToSkip?.text == "train.short_classes is wait, and too small (train.min_per_class) are: "
                + "Aplle (1 training picture, 5 needed; no test picture)")
        #expect(ready.leftOut.isEmpty && ready.shortages.count == 1)
    }

    @Test("Of many short classes the first ten are named and the others counted")
    func many() {
        let short = (3..<14).map { label($0, "c\($0)", 1, 1) }
        let eleven = Shortage.list(readiness(short).shortages)
        #expect(eleven.contains("c12 (") && !eleven.contains("c13 (") && eleven.hasSuffix(" and 1 more class"))
        let ten = Shortage.list(readiness(Array(short.prefix(10))).shortages)
        #expect(ten.contains("c12 (") && !ten.contains("more"))
        #expect(Shortage.list(readiness(short + [label(20, "x", 0, 0)]).shortages).hasSuffix(" and 2 more classes"))
    }
}
