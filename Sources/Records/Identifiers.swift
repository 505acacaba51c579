package import System

package typealias DropID = Int64
/// Grows in the order in which pictures are accepted.
package typealias PictureID = Int64
package typealias LabelID = Int64
package typealias RunID = Int64
package typealias PublicationID = Int64
package typealias RunRequestID = Int64

/// The content address of a picture: the SHA-256 of its file's bytes.
package typealias PictureDigest = Digest
