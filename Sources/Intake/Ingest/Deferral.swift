/// Why a file stays in the inbox for now.
package enum Deferral: String, Sendable, CustomStringConvertible {
    /// It was written to or replaced since the drop settled.
    case changed
    /// Somebody has it open for writing.
    case openForWriting
    /// It ends too early, and was written a short while ago.
    case incomplete
    /// This process may not read it.
    case unreadable
    /// The disk has no room for a copy of it.
    case noSpace
    /// It is larger than the settings allow, and stays.
    case tooLarge

    /// Whether it will never be taken unless somebody does something.
    package var needsSomebody: Bool { [.unreadable, .noSpace, .tooLarge].contains(self) }

    package var description: String {
        switch self {
        case .changed: "it has just changed"
        case .openForWriting: "somebody is still writing to it"
        case .incomplete: "it ends too early and may still be incomplete"
        case .unreadable: "it can't be read with this user's permissions"
        case .noSpace: "the disk has no room for a copy of it"
        case .tooLarge: "it is larger than limits.max_file_bytes allows"
        }
    }
}
