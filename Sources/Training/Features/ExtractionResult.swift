package import Records
package import System

/// What an extraction has done.
package struct ExtractionResult: Sendable, Hashable {
    /// How many images, originals and copies, had to be computed; the others were in the cache, or can't be used.
    package let computed: Int
    /// The pictures that can't be used, in the order in which they were asked for; the cache lacks their features.
    package let unusable: [UnusablePicture]
}

/// A stored picture that can't be used.
package struct ExtractionFailure: Error, Sendable, CustomStringConvertible {
    package let picture: Digest
    package let reason: String

    package var description: String { "the stored picture \(picture) can't be used: \(reason)" }

    /// An error about a stored picture, with its digest; problems of the machine stay as they are.
    static func naming(_ picture: Digest, _ error: any Error) -> any Error {
        error.isProblemOfMachine ? error : ExtractionFailure(picture: picture, reason: "\(error)")
    }
}
