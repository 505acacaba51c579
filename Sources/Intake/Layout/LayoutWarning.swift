package import System

/// What may have been misunderstood in a drop's folders.
package enum LayoutWarning: Sendable, Hashable, CustomStringConvertible {
    /// Labels with the names of splits, or of splits of a part of the data.
    case labelsNamedLikeSplits([RawPath])
    /// Folders named like splits, with pictures directly in them, beside classes: they are classes, too.
    case splitNamesBesideClasses([RawPath])
    /// Splits beside folders that are labels themselves.
    case labelsBesideSplits(splits: [RawPath], labels: [RawPath])
    /// Labels such as `images`, which don't say what the pictures show.
    case labelsNamedForSets([RawPath])
    /// The only label, without pictures directly in it; the folders in it may be the labels.
    case onlyLabelHasFolders(label: RawPath, folders: [RawPath])
    /// Labels with folders in them that may be the labels: the same folders in several labels, or only folders in every
    /// label.
    case labelsHaveFolders(labels: [RawPath], folders: [RawPath])
    /// The only label, above splits with pictures; what they show may be given elsewhere.
    case onlyLabelAboveSplits(RawPath)
    /// The drop's name is that of a split plus a number, and isn't understood as a split.
    case dropNamedLikeSplit(RawPath)

    /// For programs.
    package var code: String {
        switch self {
        case .labelsNamedLikeSplits: "label_is_split_name"
        case .splitNamesBesideClasses: "split_name_beside_classes"
        case .labelsBesideSplits: "labels_beside_splits"
        case .labelsNamedForSets: "label_says_nothing"
        case .onlyLabelHasFolders: "only_label_has_folders"
        case .labelsHaveFolders: "labels_have_folders"
        case .onlyLabelAboveSplits: "only_label_above_splits"
        case .dropNamedLikeSplit: "drop_named_like_split"
        }
    }

    package var description: String {
        switch self {
        case .labelsNamedLikeSplits(let labels):
            "\(FolderList.text(labels)) \(verb(labels)) understood as \(noun(labels)), although named like a split"
        case .splitNamesBesideClasses(let labels):
            "\(FolderList.text(labels)) \(verb(labels)) understood as \(noun(labels)), not as a split: pictures are "
                + "directly in there, beside other classes"
        case .labelsBesideSplits(let splits, let labels):
            "\(FolderList.text(splits)) \(verb(splits)) understood as a split, \(FolderList.text(labels)) beside it as "
                + noun(labels)
        case .labelsNamedForSets(let labels):
            "\(FolderList.text(labels)) \(verb(labels)) understood as \(noun(labels)), although the name doesn't say "
                + "what the pictures show"
        case .onlyLabelHasFolders(let label, let folders):
            "all pictures have the label \(label.escaped), but \(FolderList.text(folders)) in it look like labels; the "
                + "pictures of this drop keep that label, and if the folders are labels, drop the next ones without "
                + "\(label.escaped)/ around them"
        case .labelsHaveFolders(let labels, let folders):
            "\(FolderList.text(labels)) are understood as labels, but \(FolderList.text(folders)) in them "
                + "\(folders.count == 1 ? "looks" : "look") like \(noun(folders)); the pictures of this drop keep "
                + "these labels, and if the inner folders are labels, drop the next ones without the outer ones"
        case .onlyLabelAboveSplits(let label):
            "all pictures have the label \(label.escaped), because there are no folders in its splits"
        case .dropNamedLikeSplit(let name):
            "the drop's name \(name.escaped) isn't understood as a split because of the number"
        }
    }

    private func verb(_ folders: [RawPath]) -> String { folders.count == 1 ? "is" : "are" }

    private func noun(_ folders: [RawPath]) -> String { folders.count == 1 ? "a label" : "labels" }
}

/// Folders in a sentence.
enum FolderList {
    /// `train/, test/ and 3 more`, escaped.
    static func text(_ folders: [RawPath]) -> String {
        var words = folders.prefix(limit).map { $0.escaped + "/" }
        if folders.count > limit { words.append("\(folders.count - limit) more") }
        guard let last = words.popLast(), !words.isEmpty else { return folders.first.map { $0.escaped + "/" } ?? "" }
        return words.joined(separator: ", ") + " and " + last
    }

    private static let limit = 4
}
