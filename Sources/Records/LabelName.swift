import Foundation
import System

/// A label as it is stored and published: the folder's name with its own characters.
///
/// It is in the Unicode form NFC, with one space between words and no other white space. It has no characters that end
/// a line, control a terminal or change the direction of text, so it can be in a list with one label per line.
package struct LabelName: Hashable, Sendable {
    package let text: String
    /// In the folder's spelling.
    package let spelling: String

    /// Throws ``LabelFault`` for a name that can't be a label.
    package init(spelling: String) throws(LabelFault) {
        self.spelling = spelling
        guard !spelling.utf8.allSatisfy(Self.isPlain) else {
            text = spelling
            return
        }
        if spelling.unicodeScalars.contains(where: TerminalText.isHarmful) { throw .control }
        let words = spelling.unicodeScalars.split(whereSeparator: \.properties.isWhitespace)
        let trimmed = words.map(String.init).joined(separator: " ").unicodeScalars
        let core = trimmed.drop(while: Self.isInvisibleSpace).reversed().drop(while: Self.isInvisibleSpace).reversed()
        guard core.contains(where: Self.isVisible) else { throw .blank }
        text = String(String.UnicodeScalarView(core)).precomposedStringWithCanonicalMapping
    }

    /// Whether the spelling differs from the label by more than characters that Unicode treats as equal.
    package var isRespelled: Bool { spelling != text }

    /// ASCII letters, digits and separators, of which most names consist.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Zero-width spaces. Copied text may begin or end with them; between words, some scripts need them.
    private static func isInvisibleSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\u{200B}" || scalar == "\u{2060}" || scalar == "\u{FEFF}"
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        !scalar.properties.isWhitespace && !scalar.properties.isDefaultIgnorableCodePoint
    }
}

/// Why a name can't be a label.
package enum LabelFault: Error, Sendable, Hashable {
    /// It has no visible characters.
    case blank
    /// It has characters that end a line, control a terminal or change the direction of text.
    case control
}
