internal import Glibc
internal import System

/// The bytes of command-line arguments, which needn't be UTF-8: the argument parser passes on repaired text.
enum RawArgument {
    /// For each text, in order, the next argument of this process that equals it after repair; the text's own bytes if
    /// there is none.
    static func paths(reading texts: [String]) -> [RawPath] {
        var arguments = (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { argument in
                UnsafeBufferPointer(start: argument, count: strlen(argument)).map { UInt8(bitPattern: $0) }
            }
        }
        return texts.map { text in
            guard let index = arguments.firstIndex(where: { String(decoding: $0, as: UTF8.self) == text }) else {
                return RawPath(text)
            }
            return RawPath(arguments.remove(at: index))
        }
    }
}
