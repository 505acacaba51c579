/// What the names of files say before anything is opened.
package enum FileNames {
    /// Whether the path belongs to what operating systems strew about: passed over, and removed along with its drop.
    package static func isClutter(_ path: RawPath) -> Bool {
        names(in: path).contains { name in
            name.starts(with: appleDouble) || (clutterInitials.contains(name[name.startIndex]) && isClutterName(name))
        }
    }

    /// Whether the path is still on its way, or is meant to be hidden: it stays in the inbox, untouched, until it is renamed.
    package static func isWaiting(_ path: RawPath) -> Bool {
        names(in: path).contains { name in
            name.first == UInt8(ascii: ".") || name.starts(with: syncthing)
                || partialSuffixes.contains { suffix in
                    name.suffix(suffix.count).elementsEqual(suffix) { lowercased($0) == $1 }
                }
        }
    }

    /// Whether there is something to take in: neither clutter nor waiting.
    package static func isTakeable(_ path: RawPath) -> Bool { !isClutter(path) && !isWaiting(path) }

    /// The name with ASCII letters in lower case; other bytes as they are.
    static func lowercased(_ name: RawPath) -> RawPath {
        RawPath(name.bytes.map(lowercased))
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func names(in path: RawPath) -> [ArraySlice<UInt8>] {
        path.bytes.split(separator: UInt8(ascii: "/"))
    }

    private static func isClutterName(_ name: ArraySlice<UInt8>) -> Bool { clutter.contains(lowercased(RawPath(name))) }

    private static let appleDouble = Array("._".utf8)
    private static let syncthing = Array("~syncthing~".utf8)
    /// So that most names need no look-up.
    private static let clutterInitials = Set(clutter.flatMap { [$0.bytes[0], uppercased($0.bytes[0])] })

    private static func uppercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte & ~0x20 : byte
    }

    /// Files and folders of macOS, Windows, KDE, NAS boxes and NFS, in lower case.
    private static let clutter: Set<RawPath> = Set(
        [
            ".ds_store", "__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems",
            ".documentrevisions-v100", ".localized", ".apdisk", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini",
            "$recycle.bin", "system volume information", ".directory", ".thumbnails", "@eadir", "lost+found",
        ].map { RawPath($0) })

    private static let partialSuffixes = [".part", ".partial", ".tmp", ".filepart", ".crdownload"]
        .map { [UInt8]($0.utf8) }
}
