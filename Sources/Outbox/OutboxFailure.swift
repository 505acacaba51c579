package import SystemPackage

/// Why a version can't be published.
package enum OutboxFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case noSuchVersion(String, outbox: FilePath)
    /// What the history or a manifest calls a version isn't the name of one.
    case noVersionName(String)
    /// A file of a version isn't what its manifest says.
    case damaged(path: FilePath, reason: String)

    package var description: String {
        switch self {
        case .noSuchVersion(let version, let outbox): "the outbox \(outbox) holds no version \(version)"
        case .noVersionName(let name): "'\(name)' is no version's name: v and digits"
        case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
        }
    }
}
