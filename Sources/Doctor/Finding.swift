/// The result of one check of an installation.
package struct Finding: Encodable, Hashable, Sendable {
    package enum Status: String, Encodable, Sendable {
        case ok
        /// It was wrong, and has been repaired as far as possible.
        case repaired
        case wrong
    }

    /// The part of the installation that was looked at. `unrecorded` are files in the store without a row, `temporary`
    /// unfinished copies.
    package enum Check: String, Encodable, Sendable {
        case history, ledger, pictures, unrecorded, temporary, outbox, features
    }

    package let check: Check
    package let status: Status
    /// In plain words, for people.
    package let detail: String

    init(_ check: Check, _ status: Status, _ detail: String) {
        self.check = check
        self.status = status
        self.detail = detail
    }
}
