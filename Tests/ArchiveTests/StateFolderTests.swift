import System
import SystemPackage
import Testing

@testable import Archive
@testable import Records

@Suite("The state folder")
struct StateFolderTests {
    @Test("Preparing makes the folders that are missing and leaves the others alone")
    func prepare() throws {
        try withStateFolder { folder in
            try write([1], to: folder.rejected.appending("kept"))
            try folder.prepare()
            for path in [folder.pictures, folder.temporary, folder.rejected] { #expect(try Files.isFolder(path)) }
            #expect(try Files.names(in: folder.rejected).map(\.string) == ["kept"])
        }
    }

    @Test("A link that leads to itself among the pictures' folders is no picture, and hides none")
    func linkLoop() throws {
        try withStateFolder { folder in
            let loop = folder.pictures.appending("aa")
            try Files.makeLink(loop, to: loop)
            #expect(try !folder.hasPictures())
            _ = try History.openChecked(in: folder)
            let shard = folder.pictures.appending("ab")
            try Files.makeFolder(shard, permissions: [.ownerReadWriteExecute])
            #expect(try !folder.hasPictures())
            try write([1], to: shard.appending("abc"))
            #expect(try folder.hasPictures())
        }
    }

    @Test("A file where a folder should be is named in the error")
    func fileInTheWay() throws {
        try withStateFolder { folder in
            let other = StateFolder(folder.root.appending("other"))
            try write([1], to: other.root)
            #expect(throws: FileFailure(action: "make the folder", path: other.root, errno: .fileExists)) {
                try other.prepare()
            }
        }
    }
}
