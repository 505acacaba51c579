package enum SplitFolders: Sendable, Hashable { case auto }
package struct LayoutWarning: Sendable { let code: String; let description: String }
extension DropLayout {
    init(name: RawPath, isFolder: Bool = true, folders: Set<RawPath>, splitFolders: SplitFolders) {
        self.init(name: name, isFolder: isFolder, paths: folders.map { $0.appending(RawPath("x")) })
    }
    var understanding: String { "" }
    var warnings: [LayoutWarning] { [] }
}
