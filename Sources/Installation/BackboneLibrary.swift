internal import Learning
internal import Foundation
package import Networks
package import Settings
internal import Synchronization
package import System
package import SystemPackage

/// A backbone that is ready to run, with the checksum that identifies its features in the cache.
package struct LoadedBackbone: Sendable {
    package let backbone: Backbone
    /// SHA-256 of the file.
    package let checksum: Digest
    package let path: FilePath
}

/// The backbones in a folder: every `NAME.onnx`, named by its file. All calls block and may come from any thread.
package final class BackboneLibrary: Sendable {
    package let folder: FilePath
    private let loaded = Mutex<[Key: LoadedBackbone]>([:])

    private struct Key: Hashable {
        let name: String
        let precision: Precision
    }

    package init(folder: FilePath) { self.folder = folder }

    /// The names of the files in the folder, in alphabetical order. Throws ``BackboneFailure/noFolder(_:)`` or a
    /// problem of the machine if the folder can't be listed.
    package func names() throws -> [String] {
        let names: [String]
        do {
            names = try Files.names(in: folder).map(\.string)
        } catch {
            if error.isProblemOfMachine { throw error }
            throw BackboneFailure.noFolder(folder)
        }
        return names.filter { $0.hasSuffix(Self.suffix) && !$0.hasPrefix(".") }
            .map { String($0.dropLast(Self.suffix.count)) }.sorted()
    }

    /// The backbone with the given name, read once: later changes of its file aren't noticed. Throws
    /// ``BackboneFailure``, an error about the file, or an error if this machine has no kernels for `precision`.
    package func load(_ name: String, precision: Precision = .float32) throws -> LoadedBackbone {
        let key = Key(name: name, precision: precision)
        if let known = loaded.withLock({ $0[key] }) { return known }
        let result = try precision == .float32 ? read(name) : reduced(load(name), to: precision)
        loaded.withLock { $0[key] = result }
        return result
    }

    /// The backbones of a search space as a run stores them: `all` is replaced by every usable file, at its own input
    /// size or at the requested one, in alphabetical order. All files are then read. No text is in the list twice.
    ///
    /// If `all` stands for nothing, it stays in the list, and code that needs a backbone must reject it. Throws
    /// problems of the machine.
    ///
    /// - Parameter passedOver: called with each file that `all` skips, and the reason.
    package func resolved(
        _ texts: [String], passedOver: (_ name: String, _ reason: any Error) -> Void = { _, _ in }
    ) throws -> [String] {
        var seen: Set<String> = []
        return try texts.flatMap { text in
            guard let choice = BackboneChoice(text: text), choice.isAll else { return [text] }
            let usable = try usable(at: choice.inputSize, passedOver)
            return usable.isEmpty ? [text] : usable
        }
        .filter { seen.insert($0).inserted }
    }

    private func usable(at size: Int?, _ passedOver: (String, any Error) -> Void) throws -> [String] {
        let names: [String]
        do { names = try self.names() } catch is BackboneFailure { return [] }
        return try names.compactMap { name in
            do {
                let choice = BackboneChoice(name: name, inputSize: size)
                guard BackboneChoice(text: choice.text) == choice, !choice.isAll else {
                    throw BackboneFailure.badName(name)
                }
                let backbone = try load(name).backbone
                _ = try backbone.makeExtractor(inputSize: size ?? backbone.defaultInputSize)
                return choice.text
            } catch {
                if error.isProblemOfMachine { throw error }
                passedOver(name, error)
                return nil
            }
        }
    }

    private func reduced(_ exact: LoadedBackbone, to precision: Precision) throws -> LoadedBackbone {
        try LoadedBackbone(
            backbone: exact.backbone.computing(in: precision), checksum: exact.checksum, path: exact.path)
    }

    private func read(_ name: String) throws -> LoadedBackbone {
        guard try names().contains(name) else {
            throw try BackboneFailure.absent(name, folder: folder, known: names())
        }
        let path = folder.appending(name + Self.suffix)
        return try LoadedBackbone(backbone: Backbone(contentsOf: path), checksum: Digest.sha256(of: path), path: path)
    }

    /// Why the backbones of a search can't be used; the files aren't read.
    package func problems(with search: Settings.Search) -> [any Error] {
        var problems = search.space.backbone.compactMap(problem)
        if let problem = search.precision.problem { problems.append(problem) }
        return problems
    }

    private func problem(with text: String) -> (any Error)? {
        guard let choice = BackboneChoice(text: text) else { return BackboneFailure.badChoice(text) }
        do {
            let known = try names()
            if choice.isAll { return known.isEmpty ? BackboneFailure.noneUsable(folder) : nil }
            return known.contains(choice.name)
                ? nil : BackboneFailure.absent(choice.name, folder: folder, known: known)
        } catch {
            return error
        }
    }

    /// The float32 backbone whose file has the given checksum; nil if there is none. Files are read until one has it,
    /// those with that name first. Throws as ``names()`` and ``load(_:precision:)`` do.
    package func find(_ checksum: Digest, name: String) throws -> LoadedBackbone? {
        let known = loaded.withLock { loaded in
            loaded.values.first { $0.checksum == checksum && $0.backbone.precision == .float32 }
        }
        if let known { return known }
        let names = try names()
        for candidate in names.filter({ $0 == name }) + names.filter({ $0 != name }) {
            let path = folder.appending(candidate + Self.suffix)
            guard try Digest.sha256(of: path) == checksum else { continue }
            let result = try LoadedBackbone(backbone: Backbone(contentsOf: path), checksum: checksum, path: path)
            loaded.withLock { $0[Key(name: candidate, precision: .float32)] = result }
            return result
        }
        return nil
    }

    private static let suffix = ".onnx"
}

/// Why a backbone can't be found or named.
package enum BackboneFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case noFolder(FilePath)
    case absent(String, folder: FilePath, known: [String])
    case badChoice(String)
    /// A file whose name can't be used in settings.
    case badName(String)
    /// There is nothing for which `all` could stand.
    case noneUsable(FilePath)

    package var description: String {
        switch self {
        case .noFolder(let folder):
            "the backbones folder \(folder) can't be listed; create it with scripts/backbones, or use --backbones"
        case .absent(let name, let folder, let known):
            "there is no backbone '\(name)' in \(folder)"
                + (known.isEmpty ? ", which is empty" : ", which has \(known.joined(separator: ", "))")
                + "; put \(name).onnx there (scripts/backbones makes the known ones), or name another one in "
                + "search.space.backbone"
        case .badName(let name):
            "settings can't name '\(name)': a backbone's name has no @ and isn't all; rename the file"
        case .noneUsable(let folder):
            "search.space.backbone is all, but no file in \(folder) can be used; `cultivar backbones` says why"
        case .badChoice(let text):
            "'\(text)' isn't a backbone: it must be NAME or NAME@SIZE, with a size from 32 to 1024 pixels"
        }
    }
}
