internal import Foundation
package import SystemPackage

/// Where tests find files, relative to their sources.
package enum Locations {
    /// The folder of Package.swift.
    package static let packageRoot = folder(of: #filePath).removingLastComponent().removingLastComponent()

    /// The built program, beside the tests: decoder processes are made of it. A test target that uses it depends on
    /// `cultivar`.
    package static let program: FilePath = {
        let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return FilePath(tests ?? "").removingLastComponent().appending("cultivar")
    }()

    /// The folder Resources beside a test's source.
    package static func resources(besides file: String = #filePath) -> FilePath {
        folder(of: file).appending("Resources")
    }

    /// A file or folder of the sample data that may be beside the package; nil if it isn't there.
    package static func sharedData(_ name: String) -> FilePath? {
        let path = packageRoot.removingLastComponent().appending("shared").appending("data").appending(name)
        return FileManager.default.fileExists(atPath: path.string) ? path : nil
    }

    /// Why a test that reads sample data is skipped.
    package static let needsSharedData = "needs the sample data beside the package, in ../shared/data"

    /// All bytes of a file.
    package static func bytes(of path: FilePath) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: path.string)))
    }

    /// All regular files below a folder, sorted by path.
    package static func files(below folder: FilePath) -> [FilePath] {
        let names = FileManager.default.enumerator(atPath: folder.string)?.compactMap { $0 as? String } ?? []
        return names.sorted().map { folder.appending($0) }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0.string, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    /// The folder of a source file with symbolic links resolved: a package may be built through links.
    private static func folder(of file: String) -> FilePath {
        FilePath(URL(fileURLWithPath: file).resolvingSymlinksInPath().path).removingLastComponent()
    }
}
