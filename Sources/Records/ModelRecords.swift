package import System

/// A promoted model, with everything that is needed to score it and to publish it again.
package struct ModelRecord: Hashable, Sendable {
    package var version: String
    /// On the test set of its run, 0 to 1.
    package var testAccuracy: Double
    /// The head's hyperparameters.
    package var parameters: JSONText
    /// The published `manifest.json`.
    package var manifest: JSONText
    /// The head's weights, in the form that Learning writes.
    package var head: [UInt8]
    /// The backbone's name.
    package var backbone: String
    /// The SHA-256 of the backbone's file.
    package var backboneChecksum: Digest
    /// Height and width of the input in pixels.
    package var inputSize: Int
    /// The labels in class order.
    package var labels: [Label]

    package init(
        version: String, testAccuracy: Double, parameters: JSONText, manifest: JSONText, head: [UInt8],
        backbone: String, backboneChecksum: Digest, inputSize: Int, labels: [Label]
    ) {
        self.version = version
        self.testAccuracy = testAccuracy
        self.parameters = parameters
        self.manifest = manifest
        self.head = head
        self.backbone = backbone
        self.backboneChecksum = backboneChecksum
        self.inputSize = inputSize
        self.labels = labels
    }
}

/// A model as its published files have it, for a history that has lost its rows.
package struct PublishedModel: Hashable, Sendable {
    /// Without labels: only a history numbers them.
    package var record: ModelRecord
    /// The names of the labels in class order.
    package var labels: [String]
    /// The number that its run had.
    package var run: RunID
    package var created: Timestamp

    package init(record: ModelRecord, labels: [String], run: RunID, created: Timestamp) {
        self.record = record
        self.labels = labels
        self.run = run
        self.created = created
    }
}

package enum PublicationKind: String, Codable, Hashable, Sendable, CaseIterable {
    case promotion, rollback
}

/// A decision that a version is the champion. The latest one counts.
package struct Publication: Codable, Hashable, Sendable {
    package let id: PublicationID
    package let version: String
    package let kind: PublicationKind
    package let decidedAt: Timestamp
    /// When the outbox agreed; nil until then.
    @OrNull package var publishedAt: Timestamp?

    package init(id: PublicationID, version: String, kind: PublicationKind, decidedAt: Timestamp) {
        self.id = id
        self.version = version
        self.kind = kind
        self.decidedAt = decidedAt
        publishedAt = nil
    }

    enum CodingKeys: String, CodingKey {
        case id, version, kind
        case decidedAt = "decided_at"
        case publishedAt = "published_at"
    }
}
