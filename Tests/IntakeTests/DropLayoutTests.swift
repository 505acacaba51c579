import Records
import Records
import Records
import Numerics
import System
import TestSupport
import Testing

@testable import Intake

/// The placements of the paths in one drop, in words.
func place(_ name: String, _ paths: [String], _ setting: SplitFolders = .usual) -> [String] {
    let layout = layout(name, paths, setting)
    return paths.map { path in
        switch layout.placement(of: RawPath(path)) {
        case .picture(let label, let split): split.map { "\(label.escaped) \($0)" } ?? label.escaped
        case .refused(.looseFile): "loose"
        case .refused(.besideLabelFolders): "beside"
        case .refused(.noLabelBelowSplit(let folder)): "no label below \(folder.escaped)"
        case .refused(.noLabelName): "no label's name"
        }
    }
}

/// The codes of a layout's warnings.
func warnings(_ name: String, _ paths: [String], _ setting: SplitFolders = .usual) -> [String] {
    layout(name, paths, setting).warnings.map(\.code)
}

func understanding(_ name: String, _ paths: [String]) -> String { layout(name, paths, .auto).understanding }

private func layout(_ name: String, _ paths: [String], _ setting: SplitFolders) -> DropLayout {
    DropLayout(name: RawPath(name), paths: paths.map { RawPath($0) }, splitFolders: setting)
}

@Suite("Drop layout")
struct DropLayoutTests {
    @Test("Folders of a drop are labels, however deep the pictures lie")
    func labelFolders() {
        #expect(place("d", ["cat/1.jpg", "cat/a/b/2.jpg", "dog/3"]) == ["cat", "cat", "dog"])
    }

    @Test("train, test and val folders fix the split, and val is test where there is none")
    func splits() {
        #expect(
            place("d", ["train/cat/1", "TEST/cat/2", "val/cat/x/3"]) == ["cat train", "cat test", "cat train"])
        #expect(place("d", ["train/cat/1", "Val/cat/3"]) == ["cat train", "cat test"])
        #expect(place("d", ["train/cat/1", "dev/cat/3"]) == ["cat train", "cat test"])
        #expect(place("d", ["train/cat/1", "dev/cat/3", "holdout/cat/4"])[1] == "cat train")
        #expect(place("d", ["train/cat/1", "val/cat/3", "test/stray"])[1] == "cat test")
    }

    @Test("Split folders and label folders may stand side by side, which is told")
    func mixed() {
        #expect(place("d", ["train/cat/1", "dog/2"]) == ["cat train", "dog"])
        #expect(warnings("d", ["train/cat/1", "dog/2"]) == ["labels_beside_splits"])
    }

    @Test("A top folder of pictures is a label, without the dot that may hide it")
    func topFolder() {
        #expect(place("cats", ["1.jpg", "2.jpg"]) == ["cats", "cats"])
        #expect(place(".cats", ["1.jpg"]) == ["cats"])
    }

    @Test("A hidden folder in a drop is a label of its own name, but a delivery that fell into another is laid over it")
    func hiddenFolders() {
        #expect(place("d", [".net/1", "java/2"]) == [".net", "java"])
        #expect(place("photos", ["cat/1", ".photos/cat/2", ".photos/dog/3"]) == ["cat", "cat", "dog"])
        #expect(place("photos", ["1", ".photos/2"]) == ["photos", "photos"])
        #expect(place("photos", [".photos/train/cat/2"]) == ["cat train"])
        #expect(place("photos", ["cat/1", ".photos/4"]) == ["cat", "beside"])
    }

    @Test("A top folder with the name of a split holds label folders of that split")
    func topSplit() {
        #expect(place("train", ["cat/1", "2"]) == ["cat train", "no label below train"])
        #expect(place("val", ["cat/1"]) == ["cat test"])
        #expect(place("Train Set", ["cat/1"]) == ["cat train"])
        #expect(place("test", ["train/cat/1", "val/cat/2"]) == ["cat train", "cat train"])
        #expect(place("train", ["1"]) == ["no label below train"])
    }

    @Test("A drop that is named like a split but for a number is no split: it may be somebody's first try")
    func numberedDrop() {
        #expect(place("test1", ["cat/1", "dog/2"]) == ["cat", "dog"])
        #expect(warnings("test1", ["cat/1", "dog/2"]) == ["drop_named_like_split"])
        #expect(place("test1", ["1"]) == ["test1"])
        #expect(warnings("test1", ["1"]) == ["label_is_split_name"])
        #expect(place("test1", ["cat/1"], .named(["test1"])) == ["cat test"])
    }

    @Test("Files beside label folders are refused, and so are files directly in a split's folder")
    func strays() {
        #expect(place("d", ["cat/1", "readme.txt"]) == ["cat", "beside"])
        #expect(place("d", ["test/1", "train/cat/2"]) == ["no label below test", "cat train"])
        #expect(place("d", ["train/1", "test/2"]) == ["no label below train", "no label below test"])
        #expect(place("d", ["train/cat/1", "train/stray", "test/cat/2"])[1] == "no label below train")
    }

    @Test("Texts and lists beside the pictures change nothing")
    func texts() {
        let paths = ["train/cat/1", "train/labels.csv", "archive/README.md", "annotations/cat/1.xml", "data.yaml"]
        #expect(place("d", paths)[0] == "cat train")
        #expect(understanding("d", paths) == "train/, 1 label")
        #expect(place("d", ["archive/train/cat/1", "archive/train/LICENSE", "README"])[0] == "cat train")
        #expect(place("cats", ["1.jpg", "notes/1.txt"])[0] == "cats")
        #expect(place("d", ["train/cat/1.txt"]) == ["cat train"])
    }

    @Test("A file directly in the inbox has no label")
    func looseFile() {
        let layout = DropLayout(name: RawPath("a.jpg"), isFolder: false, paths: [RawPath("a.jpg")])
        #expect(layout.placement(of: RawPath("a.jpg")) == .refused(.looseFile))
    }

    @Test("A file without a label is told what to do about it")
    func advice() {
        for fault in [LayoutFault.looseFile, .besideLabelFolders, .noLabelBelowSplit(folder: RawPath("train"))] {
            #expect(fault.description.hasPrefix("no label folder: the file was "))
            #expect(fault.description.contains("; put it into a folder "))
        }
        let below = LayoutFault.noLabelBelowSplit(folder: RawPath("train")).description
        #expect(below.hasSuffix("if train is the label, rename the folder or set inbox.split_folders"))
    }

    @Test("Labels are raw bytes")
    func rawLabel() {
        let path = RawPath([0xFF, 0x0A, UInt8(ascii: "/"), 0x31])
        let layout = DropLayout(name: RawPath("d"), paths: [path])
        #expect(layout.placement(of: path) == .picture(label: RawPath([0xFF, 0x0A]), split: nil))
    }

    @Test(
        "Of any tree, each picture has a folder of its path as label, or lies outside of all labels; parts don't matter"
    )
    func anyTree() {
        let names = [
            "train", "test", "val", "Train Set", "test1", "seg_train", "seg_test", "pred", "images", "archive", "d",
            "cat",
            "dog", ".d", ".net", "README.txt", " ",
        ]
        var random = SeededRandom(seed: 7)
        func pick<T>(_ values: [T]) -> T { values[Int(random.next() % UInt64(values.count))] }
        for _ in 0..<3_000 {
            let drop = pick(names)
            // Few names meet each other more often.
            let few = (0..<2 + Int(random.next() % 6)).map { _ in pick(names) }
            let paths = (0..<1 + Int(random.next() % 8)).map { number in
                (0..<Int(random.next() % 5)).map { _ in pick(few) } + ["\(number).jpg"]
            }
            let raw = paths.map { RawPath($0.joined(separator: "/")) }
            let folders = DropLayout.folders(of: raw)
            for setting in [SplitFolders.auto, .off, .named(["train", "test"])] {
                let layout = DropLayout(name: RawPath(drop), folders: folders, splitFolders: setting)
                let again = DropLayout(name: RawPath(drop), paths: raw.reversed(), splitFolders: setting)
                #expect(!layout.understanding.isEmpty)
                #expect(layout.understanding == again.understanding && layout.warnings == again.warnings)
                var labels: Set<RawPath> = []
                var isBesideSplits = false
                for (path, components) in zip(raw, paths) {
                    let placement = layout.placement(of: path)
                    #expect(placement == again.placement(of: path))
                    guard case .picture(let label, let split) = placement else { continue }
                    let own = RawPath(drop.hasPrefix(".") ? String(drop.dropFirst()) : drop)
                    #expect(components.dropLast().contains { RawPath($0) == label } || label == own)
                    if setting == .off { #expect(split == nil) }
                    labels.insert(label)
                    isBesideSplits = isBesideSplits || split == nil
                }
                let count = labels.count == 1 ? "1 label" : labels.isEmpty ? "no labels" : "\(labels.count) labels"
                let isPlain = layout.understanding == "the drop's name as label"
                #expect(
                    layout.understanding.contains(count) || isPlain,
                    "\(drop): \(paths), \(setting)")
                let hasSplits = !layout.understanding.hasPrefix(count) && !isPlain
                if hasSplits, isBesideSplits {
                    #expect(
                        layout.warnings.map(\.code).contains("labels_beside_splits"), "\(drop): \(paths), \(setting)")
                }
            }
        }
    }

    @Test("Where a file belongs depends on the folders alone, and one that turns up later is a label")
    func pure() {
        let folders = Set(["train/cat", "test/cat"].map { RawPath($0) })
        let layout = DropLayout(name: RawPath("d"), folders: folders, splitFolders: .usual)
        #expect(layout.placement(of: RawPath("train/cat/9")) == .picture(label: RawPath("cat"), split: .train))
        #expect(layout.placement(of: RawPath("test/dog/9")) == .picture(label: RawPath("dog"), split: .test))
        #expect(layout.placement(of: RawPath("dog/9")) == .picture(label: RawPath("dog"), split: nil))
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
