package import Records

/// What to do with a picture whose bytes may be known already.
package enum DuplicateRule {
    /// The reason code of a file with known bytes and another label.
    package static let contradictionCode = "contradiction"

    package enum Decision: Hashable, Sendable {
        case new
        case duplicate(of: KnownPicture)
        case contradiction(with: KnownPicture)
    }

    /// Same bytes and same label are a duplicate; the same bytes under another label are a contradiction.
    ///
    /// Two labels are the same if their `LabelKey` is.
    package static func decide(label: String, known: KnownPicture?) -> Decision {
        guard let known else { return .new }
        return LabelKey.key(of: label) == LabelKey.key(of: known.label)
            ? .duplicate(of: known) : .contradiction(with: known)
    }

    /// The reason with which a contradiction is rejected.
    package static func contradictionReason(label: String, known: KnownPicture) -> String {
        "the same picture is known as “\(known.label)” (\(known.firstPath)) and can't be “\(label)” as well"
    }
}
