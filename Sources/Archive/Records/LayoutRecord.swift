/// How the folders of a drop were understood.
package struct LayoutRecord: Hashable, Sendable {
    /// What looks like a mistake in how a drop was laid out.
    package struct Warning: Codable, Hashable, Sendable {
        /// A stable word for programs.
        package let code: String
        /// A sentence for people.
        package let text: String

        package init(code: String, text: String) {
            self.code = code
            self.text = text
        }
    }

    /// In a few words, for people.
    package let text: String
    package let warnings: [Warning]
    /// The folders, relative to the drop, that were ever seen to hold files, as raw bytes.
    package let folders: Set<[UInt8]>

    package init(text: String, warnings: [Warning], folders: Set<[UInt8]>) {
        self.text = text
        self.warnings = warnings
        self.folders = folders
    }
}
