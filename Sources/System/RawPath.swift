internal import Glibc
package import SystemPackage

/// A name or a relative path as raw bytes from the kernel: anything except NUL, with "/" between components.
package struct RawPath: Hashable, Sendable, Comparable {
    /// Without a closing NUL.
    package let bytes: [UInt8]

    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// The bytes of the text in UTF-8.
    package init(_ text: String) { bytes = Array(text.utf8) }

    /// By bytes, so the order doesn't depend on the locale.
    package static func < (left: RawPath, right: RawPath) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// The components, outermost first.
    package var components: [RawPath] { bytes.split(separator: Self.slash).map { RawPath($0) } }

    /// The outermost component; the whole path if there is only one.
    package var first: RawPath { RawPath(bytes.prefix { $0 != Self.slash }) }

    /// The path below its first component; empty if there is only one.
    package var withoutFirst: RawPath { RawPath(bytes.dropFirst(first.bytes.count + 1)) }

    /// The innermost component; the whole path if there is only one.
    package var last: RawPath { RawPath(bytes[bytes.index(after: lastSlash)...]) }

    /// The folder that contains the path; empty for a path with one component.
    package var parent: RawPath { RawPath(bytes[..<max(lastSlash, 0)]) }

    /// Whether it is a path of something in the folder, at any depth.
    package func isBelow(_ folder: RawPath) -> Bool { bytes.starts(with: folder.bytes + [Self.slash]) }

    /// This folder's path with another path below it; just the other one if this is empty.
    package func appending(_ other: RawPath) -> RawPath {
        bytes.isEmpty ? other : RawPath(bytes + [Self.slash] + other.bytes)
    }

    /// What a name becomes while it is in use: `NAME~2`, `NAME~3` and so on; the name itself for 1.
    package func numbered(_ number: Int) -> RawPath {
        number == 1 ? self : RawPath(bytes + Array("~\(number)".utf8))
    }

    /// For people: invalid UTF-8 and control characters as `\xNN`, a backslash as `\\`.
    package var escaped: String {
        if let text = String(validating: bytes, as: UTF8.self), text.unicodeScalars.allSatisfy(Self.isPlain) {
            return text
        }
        return escapedPieces()
    }

    /// Calls `body` with the bytes and a closing NUL.
    package func withCString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        try (bytes + [0]).withUnsafeBytes { try body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }

    private static let slash = UInt8(ascii: "/")

    private var lastSlash: Int { bytes.lastIndex(of: Self.slash) ?? -1 }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        !TerminalText.isControl(scalar) && scalar != "\\"
    }

    private func escapedPieces() -> String {
        var text = ""
        var rest = bytes[...]
        while let byte = rest.first {
            let length = Self.sequenceLength(of: byte)
            let piece = rest.prefix(length)
            if let valid = String(validating: piece, as: UTF8.self), let scalar = valid.unicodeScalars.first,
                Self.isPlain(scalar)
            {
                text += valid
                rest = rest.dropFirst(length)
            } else if byte == UInt8(ascii: "\\") {
                text += "\\\\"
                rest = rest.dropFirst()
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    private static func sequenceLength(of lead: UInt8) -> Int {
        switch lead {
        case 0xC0..<0xE0: 2
        case 0xE0..<0xF0: 3
        case 0xF0...: 4
        default: 1
        }
    }
}

extension RawPath {
    package init(_ component: FilePath.Component) {
        bytes = component.withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }

    package init(_ path: FilePath) {
        bytes = path.withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }
}

extension FilePath {
    /// The path of these bytes.
    package init(_ path: RawPath) { self = path.withCString { FilePath(platformString: $0) } }

    /// For people; see ``RawPath/escaped``.
    package var escaped: String { RawPath(self).escaped }

    /// This folder's path with a path of raw bytes below it.
    package func appending(raw path: RawPath) -> FilePath {
        var result = self
        path.withCString { result.append(FilePath(platformString: $0).components) }
        return result
    }
}
