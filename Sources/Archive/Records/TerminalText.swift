/// Text that is safe to print: names of files and folders may hold anything, escape sequences too.
package enum TerminalText {
    /// The text with control and format characters as `\u{1b}`, but those in `kept`.
    package static func escaped(_ text: String, keeping kept: Set<Unicode.Scalar> = []) -> String {
        replacing(in: text, keeping: kept) { "\\u{\(String($0.value, radix: 16))}" }
    }

    /// The same for a JSON document, whose meaning doesn't change.
    package static func escapedJSON(_ document: String) -> String {
        replacing(in: document, keeping: ["\n"]) { scalar in
            String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            .joined()
        }
    }

    private static func replacing(
        in text: String, keeping kept: Set<Unicode.Scalar>, _ replacement: (Unicode.Scalar) -> String
    ) -> String {
        func isPrinted(_ scalar: Unicode.Scalar) -> Bool { !isControl(scalar) || kept.contains(scalar) }
        guard !text.unicodeScalars.allSatisfy(isPrinted) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if isPrinted(scalar) { result.unicodeScalars.append(scalar) } else { result += replacement(scalar) }
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
