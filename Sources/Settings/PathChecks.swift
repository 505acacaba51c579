internal import Foundation
internal import SystemPackage

extension Settings.Paths {
    /// Throws ``SettingsProblems`` if the folders conflict: everything in the inbox is taken and removed, so none of
    /// the installation's own folders may be there. Symbolic links are resolved first.
    package func checkApart() throws {
        let folders = [("outbox", outbox), ("state", state), ("backbones", backbones)]
            .map { (key: "paths.\($0)", path: Self.resolved($1)) }
        let inbox = Self.resolved(inbox)
        var problems = folders.filter { $0.path.starts(with: inbox) }.map { folder in
            SettingsError.contradiction("\(folder.key) (\(folder.path)) must not be in the inbox (\(inbox))")
        }
        if folders[0].path == folders[1].path {
            problems.append(.contradiction("paths.outbox and paths.state are the same folder, \(folders[0].path)"))
        }
        guard problems.isEmpty else { throw SettingsProblems(problems: problems) }
    }

    private static func resolved(_ path: String) -> FilePath {
        FilePath(URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false))
    }
}
