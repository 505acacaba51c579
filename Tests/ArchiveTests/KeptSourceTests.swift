import Testing

@testable import Archive
@testable import Records

@Suite("Files that stay in the inbox")
struct KeptSourceTests {
    private func source(_ inode: UInt64, size: Int64 = 10, changed: Int64 = 5) -> KeptSource {
        KeptSource(device: .max - 1, inode: inode, size: size, changed: changed)
    }

    @Test("They are remembered by whoever opens the history, whatever their numbers")
    func remembered() throws {
        try withStateFolder { folder in
            let sources: Set = [source(1), source(.max, size: 0, changed: -1)]
            do {
                let history = try History.open(folder.history)
                try history.keepSources(sources, of: history.beginDrop(name("d"), at: time()), at: time())
            }
            #expect(try History.open(folder.history).keptSources() == sources)
            #expect(try History.openReadOnly(folder.history).keptSources() == sources)
        }
    }

    @Test("A later file of the same inode takes the place of the earlier one")
    func sameInode() throws {
        try withHistory { history in
            let drop = try history.beginDrop(name("d"), at: time())
            try history.keepSources([source(1), source(2)], of: drop, at: time())
            try history.keepSources([source(1, size: 11, changed: 6)], of: drop, at: time())
            #expect(try history.keptSources() == [source(1, size: 11, changed: 6), source(2)])
        }
    }

    @Test("Those that are gone are forgotten, but not what their inode has become")
    func forgotten() throws {
        try withHistory { history in
            let drop = try history.beginDrop(name("d"), at: time())
            try history.keepSources([source(1), source(2), source(3)], of: drop, at: time())
            try history.forgetSources([source(1), source(2, changed: 4)])
            #expect(try history.keptSources() == [source(2), source(3)])
        }
    }
}
