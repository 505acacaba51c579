import System
import Testing

@testable import Intake

@Suite("What names say")
struct NameRulesTests {
    private func standing(_ path: String, in drop: String = "d", _ rules: NameRules = NameRules()) -> NameRules.Standing
    {
        rules.standing(of: RawPath(path), in: RawPath(drop), isFolder: false)
    }

    @Test(
        "Clutter is told by the name of the file or of a folder above it, in any case",
        arguments: [
            ("cat/.DS_Store", "cat/.DS_Store"), ("__MACOSX/cat/._1.png", "__MACOSX"),
            ("cat/THUMBS.DB", "cat/THUMBS.DB"),
            ("cat/._1.png", "cat/._1.png"), (".git/objects/ab/cd", ".git"),
            ("cat/.ipynb_checkpoints/1.png", "cat/.ipynb_checkpoints"),
            ("#recycle/1.png", "#recycle"), ("@Recently-Snapshot/x", "@Recently-Snapshot"),
            (".Trash-1000/files/1.png", ".Trash-1000"),
            ("@eaDir/1.png", "@eaDir"), (".dvc/config", ".dvc"),
        ])
    func clutter(_ path: String, _ root: String) { #expect(standing(path) == .clutter(root: RawPath(root))) }

    @Test(
        "Hidden is what has a dot before its name, and all below a hidden folder",
        arguments: [
            (".net/1.png", ".net"), ("cat/.1.png", "cat/.1.png"), ("a/.b/.c/1.png", "a/.b"), (".gitkeep", ".gitkeep"),
        ])
    func hidden(_ path: String, _ root: String) { #expect(standing(path) == .hidden(root: RawPath(root))) }

    @Test("Partial names are a matter of files and of top-level drops; folders below are classes")
    func partial() {
        for name in ["1.jpg.part", "1.PARTIAL", "a.tmp", "b.filepart", "c.crdownload", "~syncthing~1.jpg"] {
            #expect(standing("cat/\(name)") == .partial(root: RawPath("cat/\(name)")))
            #expect(standing("cat/1.png", in: name) == .partial(root: RawPath([])))
        }
        for path in ["engine.part/1.png", "wheel.tmp/deep/1.png", "part", "tmp/1.png"] {
            #expect(standing(path) == .takeable)
        }
    }

    @Test("What was asked for counts as if its name said nothing, and nothing else does")
    func approved() {
        let rules = NameRules().approving(Set(["d/.net", ".e", "d/1.part"].map { RawPath($0) }))
        #expect(standing(".net/1.png", rules) == .takeable)
        #expect(standing(".net/.more/1.png", rules) == .hidden(root: RawPath(".net/.more")))
        #expect(standing("1.part", rules) == .takeable)
        #expect(standing("2.part", rules) == .partial(root: RawPath("2.part")))
        #expect(standing("cat/1.png", in: ".e", rules) == .takeable)
        #expect(standing("cat/1.png", in: ".f", rules) == .hidden(root: RawPath([])))
    }

    @Test("What was set aside for its size can't be asked for, and a drop put aside is asked for by its own name")
    func notApproved() {
        let rules = NameRules().approving(Set([".too-large", "d/.net"].map { RawPath($0) }))
        #expect(standing("1.jpg", in: ".too-large", rules) == .hidden(root: RawPath([])))
        #expect(standing(".net/1.jpg", in: ".done-d", rules) == .takeable)
    }

    @Test("A loose file that is under removal may be taken, though a folder of such a name is hidden")
    func removal() {
        let name = RawPath(".cultivar~1.png")
        #expect(NameRules().standing(of: RawPath([]), in: name, isFolder: false) == .takeable)
        #expect(NameRules().standing(of: RawPath([]), in: name, isFolder: true) == .hidden(root: RawPath([])))
    }

    @Test(
        "Patterns that match pictures of any name are known", arguments: ["*", "*.jpg", "*.JPE?", "?.png", "*.[jp]*"])
    func picturePatterns(_ pattern: String) {
        #expect(NameRules.ignoresPictures(pattern))
        #expect(!NameRules.ignoresPictures("*_mask.png") && !NameRules.ignoresPictures("*.txt"))
    }

    @Test("Names to ignore are patterns, in any case")
    func ignored() {
        let rules = NameRules(ignored: ["*.txt", "notes"])
        #expect(standing("cat/A.TXT", rules) == .clutter(root: RawPath("cat/A.TXT")))
        #expect(standing("Notes/1.png", rules) == .clutter(root: RawPath("Notes")))
        #expect(standing("cat/notes.png", rules) == .takeable)
    }

    @Test("A drop that was put aside is known by its name, which gives the name it had")
    func aside() {
        for number in [1, 2, 17] {
            let aside = NameRules.asideName(of: RawPath("cats-2"), number: number)
            #expect(NameRules.originalName(ofAside: aside) == RawPath("cats-2"))
        }
        for name in ["cats", ".done", ".done-", ".done~-x", ".done2-x", ".doner-x"] {
            #expect(!NameRules.isAside(RawPath(name)))
        }
        #expect(standing("cat/1.png", in: ".done-d") == .takeable)
    }
}
