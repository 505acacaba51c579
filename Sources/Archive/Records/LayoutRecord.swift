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

    /// What the pictures in a folder are taken for.
    package struct Place: Hashable, Sendable {
        /// The label's folder name, as raw bytes.
        package let label: [UInt8]
        /// Nil where no folder says it.
        package let split: Split?

        package init(label: [UInt8], split: Split?) {
            self.label = label
            self.split = split
        }
    }

    /// In a few words, for people.
    package let text: String
    package let warnings: [Warning]
    /// The folders that were ever seen to hold pictures of the drop, by their paths in it (raw bytes), and what these were
    /// taken for.
    package let places: [[UInt8]: Place]

    package init(text: String, warnings: [Warning], places: [[UInt8]: Place]) {
        self.text = text
        self.warnings = warnings
        self.places = places
    }
}
