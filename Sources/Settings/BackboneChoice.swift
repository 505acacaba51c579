/// A backbone as named in settings: by the name of its file, with an explicit input size or the backbone's default; or
/// by the word `all`, which stands for every file.
package struct BackboneChoice: Hashable, Sendable {
    package let name: String
    /// Height and width of the backbone's input in pixels; nil is the backbone's default.
    package let inputSize: Int?

    /// In pixels.
    package static let inputSizes = 32...1024

    package init(name: String, inputSize: Int? = nil) {
        self.name = name
        self.inputSize = inputSize
    }

    /// Reads `NAME` or `NAME@SIZE`; nil if the text is neither.
    package init?(text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, parts.count <= 2 else { return nil }
        self.name = String(name)
        guard parts.count == 2 else {
            inputSize = nil
            return
        }
        guard let size = Int(parts[1]), Self.inputSizes.contains(size) else { return nil }
        inputSize = size
    }

    /// Whether it stands for all backbones.
    package var isAll: Bool { name == "all" }

    /// What ``init(text:)`` reads.
    package var text: String { inputSize.map { "\(name)@\($0)" } ?? name }
}
