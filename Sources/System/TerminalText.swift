/// Text that is safe to print: names of files and folders may contain anything, even escape sequences.
package enum TerminalText {
    /// The text with control and format characters, except those in `kept`, as `\u{1b}`.
    package static func escaped(_ text: String, keeping kept: Set<Unicode.Scalar> = []) -> String {
        replacing(in: text, where: { isControl($0) && !kept.contains($0) }, named)
    }

    /// The text for a file, which may later be shown on a terminal: only harmful characters appear as `\u{1b}`;
    /// characters that scripts and emoji need stay as they are.
    package static func harmless(_ text: String, keeping kept: Set<Unicode.Scalar> = []) -> String {
        replacing(in: text, where: { isHarmful($0) && !kept.contains($0) }, named)
    }

    /// Whether it is a control or format character, or ends a line.
    package static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// Whether it controls a terminal, ends a line, or changes the direction of the text around it.
    package static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }

    /// The same for a JSON document, without changing its meaning.
    package static func escapedJSON(_ document: String) -> String {
        replacing(in: document, where: { isControl($0) && $0 != "\n" }) { scalar in
            String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            .joined()
        }
    }

    private static func named(_ scalar: Unicode.Scalar) -> String { "\\u{\(String(scalar.value, radix: 16))}" }

    private static func replacing(
        in text: String, where isReplaced: (Unicode.Scalar) -> Bool, _ replacement: (Unicode.Scalar) -> String
    ) -> String {
        guard text.unicodeScalars.contains(where: isReplaced) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if isReplaced(scalar) { result += replacement(scalar) } else { result.unicodeScalars.append(scalar) }
        }
    }
}
