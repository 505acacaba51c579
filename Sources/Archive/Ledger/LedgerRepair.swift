internal import Records
package import System
package import SystemPackage

/// Takes damaged lines out of the ledger's files. Only for the holder of the installation's lock, with no ledger open.
///
/// Bring history and ledger into agreement before, so that nothing that a file still says is lost with its lines, and
/// afterwards, so that the ledger gets what the history knows of them. May be interrupted and repeated.
package struct LedgerRepair {
    /// What was done to a file.
    package struct Replacement: Sendable, Hashable {
        package let file: FilePath
        /// The damaged file under its new name, `NAME.damaged-1` and so on.
        package let setAside: FilePath
        /// The numbers of the lines that were taken out, from 1 on.
        package let lines: [Int]
    }

    private let splitKey: [UInt8]
    private let disk: any Disk

    /// - Parameter splitKey: the installation's, with which every file begins.
    package init(splitKey: [UInt8], disk: any Disk = SystemDisk()) {
        self.splitKey = splitKey
        self.disk = disk
    }

    /// Replaces each damaged file by one with its other lines, durably; the damaged one is kept under another name.
    ///
    /// Lines that a newer release has written aren't damaged and stay. Throws `FileFailure`.
    ///
    /// - Parameter damages: those of a reading of the whole ledger, to whose files nothing but lines at their ends has
    ///   been added since.
    package func run(_ damages: [LedgerDamage]) throws -> [Replacement] {
        let lines = Dictionary(grouping: damages.filter(\.isRemovable), by: \.file).mapValues { Set($0.map(\.line)) }
        return try lines.sorted { $0.key.string < $1.key.string }.map { file, lines in
            Replacement(file: file, setAside: try replace(file, without: lines), lines: lines.sorted())
        }
    }

    private func replace(_ file: FilePath, without lines: Set<Int>) throws -> FilePath {
        let folder = file.removingLastComponent()
        let setAside = try setAside(file)
        let new = FilePath("\(file.string).new~")
        try Files.remove(new)
        try Files.writingNew(new, permissions: [.ownerReadWrite, .groupRead]) { output in
            if lines.contains(1) { try write(firstLine, to: output, at: new) }
            try copy(file, without: lines, to: output, at: new)
            try disk.synchronize(output, path: new)
        }
        try synchronize(folder)
        try disk.rename(new, to: file)
        try synchronize(folder)
        return setAside
    }

    /// Gives the file a second name. An interrupted repair may have done so.
    private func setAside(_ file: FilePath) throws -> FilePath {
        for number in 1... {
            let name = FilePath("\(file.string).damaged-\(number)")
            guard try Files.status(of: name) != nil else {
                try Files.link(file, to: name)
                return name
            }
            if try Files.haveSameBytes(file, name) { return name }
        }
        preconditionFailure("numbers don't end")
    }

    private func synchronize(_ folder: FilePath) throws {
        try Files.reading(folder, action: "open") { try disk.synchronize($0, path: folder) }
    }

    private var firstLine: [UInt8] {
        var bytes: [UInt8] = []
        LedgerLine.append(
            .installation(LedgerInstallation(splitKey: splitKey, at: .now)), keepsPaths: true, to: &bytes)
        return bytes
    }

    private func write(_ bytes: [UInt8], to output: FileDescriptor, at target: FilePath) throws {
        try Files.perform("write", target) { _ = try output.writeAll(bytes) }
    }

    private func copy(
        _ file: FilePath, without lines: Set<Int>, to output: FileDescriptor, at target: FilePath
    ) throws {
        var number = 1
        try Files.reading(file) { input in
            try input.readChunks { chunk in
                var kept: [UInt8] = []
                var rest = chunk[...]
                while !rest.isEmpty {
                    let newline = rest.firstIndex(of: UInt8(ascii: "\n"))
                    let end = newline.map { $0 + 1 } ?? rest.endIndex
                    if !lines.contains(number) { kept.append(contentsOf: rest[..<end]) }
                    if newline != nil { number += 1 }
                    rest = rest[end...]
                }
                try write(kept, to: output, at: target)
            }
        }
    }
}

extension LedgerDamage {
    /// Whether the line is of no use to any release.
    fileprivate var isRemovable: Bool {
        if case .newer = reason { false } else { true }
    }
}
