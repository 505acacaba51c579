import Decoding
import Glibc
import Numerics
import SystemPackage

/// Cultivar's side of the benchmarks: sets one piece of work up, then repeats it whenever it is told to.
///
/// It prints `ready` when the work is set up, then answers each line `run N` on standard input with the seconds that N
/// repetitions took, and ends with the input. Benchmarks/peers holds the same for the other engines.
@main
enum Main {
    static func main() async {
        if DecoderChild.isWanted { DecoderChild.run() }
        GEMM.prepare()
        do {
            let work = try makeWork(Array(CommandLine.arguments.dropFirst()))
            try say("ready")
            while let line = readLine() {
                let words = line.split(separator: " ")
                guard words.count == 2, words[0] == "run", let times = Int(words[1]), times > 0 else {
                    throw DriverFailure("expected 'run N', found '\(line)'")
                }
                try say("\(await seconds(of: work, times: times))")
            }
        } catch {
            _ = try? FileDescriptor.standardError.writeAll("\(error)\n".utf8)
            exit(1)
        }
    }

    private static func makeWork(_ arguments: [String]) throws -> any Work {
        switch arguments.first {
        case "features": try FeatureWork(arguments.dropFirst().map { $0 })
        case "heads": try HeadWork(arguments.dropFirst().map { $0 })
        case "photos": try PhotoWork(arguments.dropFirst().map { $0 })
        case "search": try SearchWork(arguments.dropFirst().map { $0 })
        default: throw DriverFailure("expected features, heads, photos or search, found \(arguments)")
        }
    }

    private static func seconds(of work: any Work, times: Int) async throws -> Double {
        let start = ContinuousClock.now
        for _ in 0..<times { try await work.run() }
        return start.duration(to: .now) / .seconds(1)
    }

    /// One line to whoever listens, at once.
    private static func say(_ line: String) throws {
        try FileDescriptor.standardOutput.writeAll("\(line)\n".utf8)
    }
}

/// Something that can be repeated; what it takes to set it up isn't measured.
protocol Work: Sendable {
    /// One repetition, on `threadCount` threads.
    func run() async throws
}

/// Each side of a comparison gets two threads.
let threadCount = 2

struct DriverFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
