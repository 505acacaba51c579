/// A drop as `cultivar drops` lists it. Names are escaped for people.
package struct DropSummary: Codable, Hashable, Sendable {
    package let drop: DropID
    package let name: String
    /// When Cultivar began to take it.
    package let arrived: Timestamp
    /// When nothing of it was left to take or, for a folder that stays, its day (UTC) was over; nil until then.
    @OrNull package var finished: Timestamp?
    package let accepted: Int
    package let duplicates: Int
    package let rejected: Int
    /// How its folders were understood, in a few words; nil for drops of earlier releases.
    @OrNull package var layout: String?
    /// What looks like a mistake in its folders.
    package var warnings: [LayoutRecord.Warning] = []
}

/// A rejected file as `cultivar rejects` lists it. Names are escaped for people.
package struct RejectSummary: Codable, Hashable, Sendable {
    /// The id of its row in the history.
    package let file: Int64
    /// The drop's name.
    package let drop: String
    /// Relative to the drop.
    package let path: String
    /// A stable word for programs.
    package let code: String
    /// A sentence for people.
    package let reason: String
    /// Its size; nil if it wasn't a regular file.
    @OrNull package var bytes: Int?
    package let recorded: Timestamp
}

/// A file with the bytes and the label of a known picture, as `cultivar duplicates` lists it. Names are escaped for
/// people.
package struct DuplicateSummary: Codable, Hashable, Sendable {
    /// The id of its row in the history.
    package let file: Int64
    /// The drop's name.
    package let drop: String
    /// Relative to the drop.
    package let path: String
    /// DROP/PATH of the file that the picture came from; nil if its row was lost.
    @OrNull package var repeats: String?
    package let picture: PictureID
    package let label: String
    /// That of the picture, which counts, whatever folder this file was in.
    package let split: Split
    package let splitOrigin: SplitOrigin
    package let recorded: Timestamp

    enum CodingKeys: String, CodingKey {
        case file, drop, path, repeats, picture, label, split, recorded
        case splitOrigin = "split_origin"
    }
}
