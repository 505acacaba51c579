internal import Foundation
package import SystemPackage

/// An error that can be the machine's fault: no space, no descriptors, a failing disk.
package protocol MachineProblem: Error {
    /// Whether this one is; see `Error.isProblemOfMachine`.
    var isOfMachine: Bool { get }
}

extension Error {
    /// Whether this is a problem of the machine and not of the data, so that a later attempt may succeed: no space, no
    /// descriptors, a failing or read-only disk, missing permissions.
    package var isProblemOfMachine: Bool {
        switch self {
        case let error as any MachineProblem: error.isOfMachine
        case let error as POSIXError: Errno(rawValue: error.code.rawValue).isOfMachine
        case let error as CocoaError:
            [.fileWriteOutOfSpace, .fileWriteVolumeReadOnly, .fileWriteNoPermission, .fileReadNoPermission]
                .contains(error.code) || error.underlying?.isProblemOfMachine == true
        default: false
        }
    }
}

extension FileFailure: MachineProblem {
    /// Whether a call failed for want of space, memory, descriptors or permissions, or because of the disk itself.
    package var isOfMachine: Bool { errno.isOfMachine }
}

extension Errno: MachineProblem {
    package var isOfMachine: Bool {
        switch self {
        case .noSpace, .diskQuotaExceeded, .ioError, .readOnlyFileSystem, .tooManyOpenFiles, .tooManyOpenFilesInSystem,
            .permissionDenied, .notPermitted, .noMemory:
            true
        default: false
        }
    }
}
