import Testing

@testable import Intake

@Suite("Drop layout")
struct DropLayoutTests {
    /// The placements of the paths in one drop, in words.
    private func place(_ name: String, _ paths: [String], isFolder: Bool = true) -> [String] {
        let paths = paths.map { RawPath($0) }
        let layout = DropLayout(name: RawPath(name), isFolder: isFolder, paths: paths)
        return paths.map { path in
            switch layout.placement(of: path) {
            case .picture(let label, let split): split.map { "\(label.escaped) \($0)" } ?? label.escaped
            case .refused(.looseFile): "loose"
            case .refused(.besideLabelFolders): "beside"
            case .refused(.noLabelBelowSplit(let folder)): "no label below \(folder.escaped)"
            }
        }
    }

    @Test("Folders of a drop are labels, however deep the pictures lie")
    func labelFolders() {
        #expect(place("d", ["cat/1.jpg", "cat/a/b/2.jpg", "dog/3"]) == ["cat", "cat", "dog"])
    }

    @Test("train, test and val folders fix the split, and val is test where there is none")
    func splits() {
        #expect(
            place("d", ["train/cat/1", "TEST/cat/2", "val/cat/x/3"]) == ["cat train", "cat test", "cat train"])
        #expect(place("d", ["train/cat/1", "Val/cat/3"]) == ["cat train", "cat test"])
        #expect(place("d", ["train/cat/1", "val/cat/3", "test/stray"])[1] == "cat test")
    }

    @Test("Split folders and label folders may stand side by side")
    func mixed() {
        #expect(place("d", ["train/cat/1", "dog/2"]) == ["cat train", "dog"])
    }

    @Test("A top folder of pictures is a label")
    func topFolder() {
        #expect(place("cats", ["1.jpg", "2.jpg", ".DS_Store"]) == ["cats", "cats", "clutter"])
    }

    @Test("A top folder with the name of a split holds label folders of that split")
    func topSplit() {
        #expect(place("train", ["cat/1", "2"]) == ["cat train", "no label below train"])
        #expect(place("val", ["cat/1"]) == ["cat test"])
        #expect(place("test", ["train/cat/1", "val/cat/2"]) == ["cat train", "cat train"])
    }

    @Test("Files beside label folders are refused, and so are files directly in a split's folder")
    func strays() {
        #expect(place("d", ["cat/1", "readme.txt"]) == ["cat", "beside"])
        #expect(place("d", ["test/1", "cat/2"]) == ["no label below test", "cat"])
    }

    @Test("Clutter and waiting files make no label folder of what they lie in")
    func clutterMakesNoFolder() {
        #expect(
            place("cats", ["1", "__MACOSX/._1", "sub/.hidden", "sub/2.part"])
                == ["cats", "clutter", "waiting", "waiting"])
    }

    @Test("A file directly in the inbox has no label")
    func looseFile() {
        #expect(place("a.jpg", ["a.jpg"], isFolder: false) == ["loose"])
    }

    @Test("Labels are raw bytes")
    func rawLabel() {
        let path = RawPath([0xFF, 0x0A, UInt8(ascii: "/"), 0x31])
        let layout = DropLayout(name: RawPath("d"), paths: [path])
        #expect(layout.placement(of: path) == .picture(label: RawPath([0xFF, 0x0A]), split: nil))
    }
}

@Suite("Raw paths")
struct RawPathTests {
    @Test("Bytes that are no plain text are escaped, and plain text is not")
    func escaping() {
        #expect(RawPath("straße/猫.jpg").escaped == "straße/猫.jpg")
        #expect(RawPath([0x61, 0xFF, 0x0A, 0x1B, 0x62]).escaped == "a\\xff\\x0a\\x1bb")
        #expect(RawPath("a\\b").escaped == "a\\\\b")
        #expect(RawPath([0xE2, 0x80, 0xAE, 0x61]).escaped == "\\xe2\\x80\\xaea")
        #expect(RawPath([0xC3]).escaped == "\\xc3")
    }

    @Test("A path knows its first and last name and its folder")
    func parts() {
        let path = RawPath("a/b/c")
        #expect(path.components.map(\.escaped) == ["a", "b", "c"])
        #expect([path.first, path.last, path.parent].map(\.escaped) == ["a", "c", "a/b"])
        #expect(RawPath("a").parent == RawPath([]))
        #expect(RawPath("a").last == RawPath("a"))
        #expect(RawPath([]).appending(RawPath("x")) == RawPath("x"))
    }
}
