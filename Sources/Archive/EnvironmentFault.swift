import Foundation
import GRDB
import SystemPackage

extension Error {
    /// Whether the machine is to blame rather than the data, so that the same may succeed later: no space, no descriptors,
    /// a failing or a read-only disk, missing permissions.
    package var isFaultOfEnvironment: Bool {
        switch self {
        case let error as FileFailure: error.errno.isOfEnvironment
        case let errno as Errno: errno.isOfEnvironment
        case let error as POSIXError: Errno(rawValue: error.code.rawValue).isOfEnvironment
        case let error as DatabaseError:
            [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_BUSY, .SQLITE_NOMEM]
                .contains(error.resultCode)
        case let error as CocoaError:
            [.fileWriteOutOfSpace, .fileWriteVolumeReadOnly, .fileWriteNoPermission, .fileReadNoPermission]
                .contains(error.code) || error.underlying?.isFaultOfEnvironment == true
        default: false
        }
    }
}

extension Errno {
    fileprivate var isOfEnvironment: Bool {
        switch self {
        case .noSpace, .diskQuotaExceeded, .ioError, .readOnlyFileSystem, .tooManyOpenFiles, .tooManyOpenFilesInSystem,
            .permissionDenied, .notPermitted, .noMemory:
            true
        default: false
        }
    }
}
