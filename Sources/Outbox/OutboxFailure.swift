package import SystemPackage

/// Why a version can't be published.
package enum OutboxFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case noSuchVersion(String, outbox: FilePath)
    /// What the history or a manifest names as a version isn't a valid version name.
    case noVersionName(String)
    /// A file of a version doesn't match its manifest.
    case damaged(path: FilePath, reason: String)

    package var description: String {
        switch self {
        case .noSuchVersion(let version, let outbox): "the outbox \(outbox) has no version \(version)"
        case .noVersionName(let name): "'\(name)' isn't the name of a version (v and digits)"
        case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
        }
    }
}
