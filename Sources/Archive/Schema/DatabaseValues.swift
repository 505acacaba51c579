import Foundation
import GRDB
import Records
import System

/// Bytes as a BLOB.
struct DatabaseBytes: DatabaseValueConvertible {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> DatabaseBytes? {
        Data.fromDatabaseValue(value).map { DatabaseBytes(Array($0)) }
    }
}

extension RawPath: DatabaseValueConvertible {
    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> RawPath? {
        Data.fromDatabaseValue(value).map { RawPath($0) }
    }
}

extension Digest: DatabaseValueConvertible {
    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Digest? {
        Data.fromDatabaseValue(value).flatMap { Digest(bytes: $0) }
    }
}

extension Timestamp: DatabaseValueConvertible {
    var databaseValue: DatabaseValue { description.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Timestamp? {
        String.fromDatabaseValue(value).flatMap { Timestamp($0) }
    }
}

extension JSONText: DatabaseValueConvertible {
    var databaseValue: DatabaseValue { text.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> JSONText? {
        String.fromDatabaseValue(value).map { JSONText(trusted: $0) }
    }
}

extension EvaluationRole: DatabaseValueConvertible {}
extension PublicationKind: DatabaseValueConvertible {}
extension RunOutcome: DatabaseValueConvertible {}
extension RunStage: DatabaseValueConvertible {}
extension RunTrigger: DatabaseValueConvertible {}
extension Split: DatabaseValueConvertible {}
extension SplitOrigin: DatabaseValueConvertible {}
