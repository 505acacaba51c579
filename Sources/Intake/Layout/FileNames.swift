/// What the names of files say before anything is opened.
package enum FileNames {
    /// Whether the path belongs to what operating systems strew about: passed over, and removed along with its drop.
    package static func isClutter(_ path: RawPath) -> Bool {
        path.components.contains { name in
            clutter.contains(lowercased(name)) || name.bytes.starts(with: [UInt8]("._".utf8))
        }
    }

    /// Whether the path is still on its way, or is meant to be hidden: it stays in the inbox, untouched, until it is renamed.
    package static func isWaiting(_ path: RawPath) -> Bool {
        path.components.contains { name in
            name.bytes.first == UInt8(ascii: ".") || name.bytes.starts(with: [UInt8]("~syncthing~".utf8))
                || partialSuffixes.contains { lowercased(name).bytes.ends(with: $0) }
        }
    }

    /// Whether there is something to take in: neither clutter nor waiting.
    package static func isTakeable(_ path: RawPath) -> Bool { !isClutter(path) && !isWaiting(path) }

    /// The name with ASCII letters in lower case; other bytes as they are.
    static func lowercased(_ name: RawPath) -> RawPath {
        RawPath(name.bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 })
    }

    /// Files and folders of macOS, Windows, KDE, NAS boxes and NFS, in lower case.
    private static let clutter: Set<RawPath> = Set(
        [
            ".ds_store", "__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems",
            ".documentrevisions-v100", ".localized", ".apdisk", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini",
            "$recycle.bin", "system volume information", ".directory", ".thumbnails", "@eadir", "lost+found",
        ].map { RawPath($0) })

    private static let partialSuffixes = [".part", ".partial", ".tmp", ".filepart", ".crdownload"].map { [UInt8]($0.utf8) }
}

extension [UInt8] {
    fileprivate func ends(with suffix: [UInt8]) -> Bool { self.suffix(suffix.count) == suffix[...] }
}
