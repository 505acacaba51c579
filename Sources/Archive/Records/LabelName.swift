import Foundation
import System

/// A label as it is kept and published: a folder's name in its own characters.
///
/// It is in Unicode's form NFC, white space is one space between words and none around them, and nothing in it ends a
/// line, drives a terminal or turns the direction of text, so that it may stand in a list of one label a line.
package struct LabelName: Hashable, Sendable {
    package let text: String
    /// As the folder spells it.
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

    /// Whether the spelling says the same in other characters than those that Unicode counts as equal.
    var isRespelled: Bool { spelling != text }

    /// Letters and digits of ASCII and what joins them, which most names are made of.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Spaces without width, which copied text may begin or end with; between words, some scripts need them.
    private static func isInvisibleSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\u{200B}" || scalar == "\u{2060}" || scalar == "\u{FEFF}"
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        !scalar.properties.isWhitespace && !scalar.properties.isDefaultIgnorableCodePoint
    }
}

/// Why a name can't be a label.
package enum LabelFault: Error, Sendable, Hashable {
    /// There is nothing to see in it.
    case blank
    /// It has characters that end a line, drive a terminal or turn the direction of text.
    case control
}
