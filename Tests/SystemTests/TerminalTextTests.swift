import System
import SystemPackage
import Testing

@Suite("Text for terminals")
struct TerminalTextTests {
    @Test("Control and format characters are shown, other characters stay")
    func escaping() {
        #expect(TerminalText.escaped("a\u{1B}[2J\nb\u{202E}c\u{2028}") == "a\\u{1b}[2J\\u{a}b\\u{202e}c\\u{2028}")
        #expect(TerminalText.escaped("a\u{1B}\nb", keeping: ["\n"]) == "a\\u{1b}\nb")
        #expect(TerminalText.escaped("Äpfel 🍏") == "Äpfel 🍏")
    }

    @Test("A file's name in an error is shown, too")
    func failures() {
        let failure = FileFailure(action: "rename \u{7}a to", path: "/b\u{1B}[2J", errno: .noSpace)
        #expect(failure.description.hasPrefix("can't rename \\u{7}a to /b\\x1b[2J: "))
    }
}
