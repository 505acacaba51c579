/// A class with fewer pictures than a run needs.
package struct Shortage: Codable, Hashable, Sendable {
    package let label: String
    /// The training and test pictures that it has.
    package let train: Int
    package let test: Int
    /// The training pictures that it needs; it also needs a test picture.
    package let needed: Int

    package init(label: String, train: Int, test: Int, needed: Int) {
        self.label = label
        self.train = train
        self.test = test
        self.needed = needed
    }
}

/// A class that had too few pictures to be learned by a run.
package struct LeftOutClass: Hashable, Sendable {
    package let shortage: Shortage
    /// Whether its test pictures counted anyway because the champion knows it; nil before the evaluation.
    package let tested: Bool?
}

extension LeftOutClass: Codable {
    private enum CodingKeys: String, CodingKey {
        case tested
    }

    package init(from decoder: any Decoder) throws {
        shortage = try Shortage(from: decoder)
        tested = try decoder.container(keyedBy: CodingKeys.self).decode(OrNull<Bool>.self, forKey: .tested).wrappedValue
    }

    /// One object with the shortage's keys and its own.
    package func encode(to encoder: any Encoder) throws {
        try shortage.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(OrNull(wrappedValue: tested), forKey: .tested)
    }
}
