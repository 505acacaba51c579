package import System

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

    /// The label and split of the pictures in a folder.
    package struct Place: Hashable, Sendable {
        /// The label's folder name.
        package let label: RawPath
        /// Nil if no folder says it.
        package let split: Split?

        package init(label: RawPath, split: Split?) {
            self.label = label
            self.split = split
        }
    }

    /// In a few words, for people.
    package let text: String
    package let warnings: [Warning]
    /// All folders in which pictures of the drop have been seen, by their paths in it, and how they were understood.
    package let places: [RawPath: Place]

    package init(text: String, warnings: [Warning], places: [RawPath: Place]) {
        self.text = text
        self.warnings = warnings
        self.places = places
    }
}
