import Foundation
import Glibc
import SystemPackage
import TestSupport

/// What a command left behind.
struct Output: Sendable {
    let status: Int32
    let text: String
    let errors: String
}

/// A process that a test has started; it is ended with the test at the latest.
final class Running: @unchecked Sendable {
    private let process = Process()
    private let folder: TemporaryFolder
    private let name = UUID().uuidString

    /// - Parameter input: what it reads on standard input.
    init(
        _ binary: FilePath, _ arguments: [String], environment: [String: String], input: [UInt8] = [],
        in folder: TemporaryFolder
    ) throws {
        self.folder = folder
        process.executableURL = URL(filePath: binary.string)
        process.arguments = arguments
        process.environment = environment
        let reading = try FileHandle(
            forReadingFrom: URL(filePath: folder.write(input, to: FilePath("\(name).in")).string))
        let writing = try Self.file(folder.write([], to: FilePath("\(name).out")))
        let errors = try Self.file(folder.write([], to: FilePath("\(name).err")))
        (process.standardInput, process.standardOutput, process.standardError) = (reading, writing, errors)
        try process.run()
        // The process has its own; a Process keeps these for ever, and inotify's library takes none above 1023.
        for file in [reading, writing, errors] { try file.close() }
    }

    deinit {
        guard process.isRunning else { return }
        process.terminate()
        for _ in 0..<500 where process.isRunning { usleep(10_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    var id: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// What it has written to standard error so far.
    var log: String { (try? text("err")) ?? "" }

    /// Asks it to stop and waits; returns how it ended and after how many seconds.
    func stop(_ signal: Int32 = SIGTERM) async throws -> (output: Output, seconds: Double) {
        let start = ContinuousClock.now
        kill(process.processIdentifier, signal)
        try await eventually("process \(id) stops", within: .seconds(30)) { !isRunning }
        return (try output(), start.duration(to: .now) / .seconds(1))
    }

    /// Of a process that has ended. A status of 128 and more is the signal that ended it.
    func output() throws -> Output {
        let status = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
        return try Output(status: status, text: text("out"), errors: text("err"))
    }

    private func text(_ suffix: String) throws -> String {
        String(decoding: try folder.read(FilePath("\(name).\(suffix)")), as: UTF8.self)
    }

    private static func file(_ path: FilePath) throws -> FileHandle {
        try FileHandle(forWritingTo: URL(filePath: path.string))
    }
}

/// Something didn't happen in a time in which it should have happened many times over.
struct Overdue: Error, CustomStringConvertible {
    let what: String
    var description: String { "waited in vain: \(what)" }
}

/// Waits until the condition holds.
func eventually(
    _ what: String, within limit: Duration = .seconds(120), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now.advanced(by: limit)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw Overdue(what: what) }
        try await Task.sleep(for: .milliseconds(20))
    }
}
