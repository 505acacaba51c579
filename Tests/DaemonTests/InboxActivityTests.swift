import Daemon
import Testing

@Suite("What the training service hears of the intake")
struct InboxActivityTests {
    private struct Fault: Error {}

    @Test("A drop with pictures is told of once")
    func newDrop() async {
        let activity = InboxActivity()
        #expect(!activity.takeNewDrops())
        let result = await activity.whileBusy { (result: "taken", accepted: 3) }
        #expect(result == "taken")
        #expect(activity.takeNewDrops())
        #expect(!activity.takeNewDrops())
    }

    @Test("A drop from which nothing was accepted is no news")
    func nothingAccepted() async {
        let activity = InboxActivity()
        await activity.whileBusy { (result: (), accepted: 0) }
        #expect(!activity.takeNewDrops())
    }

    @Test("The inbox is busy while drops are taken in, side by side ones too, and not after a fault")
    func busy() async throws {
        let activity = InboxActivity()
        await activity.whileBusy {
            await activity.whileBusy { (result: #expect(activity.isBusy), accepted: 1) }
            return (result: #expect(activity.isBusy), accepted: 1)
        }
        #expect(!activity.isBusy)
        await #expect(throws: Fault.self) {
            try await activity.whileBusy { () throws -> (result: Int, accepted: Int) in throw Fault() }
        }
        #expect(!activity.isBusy)
    }
}
