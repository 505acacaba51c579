/// Why a command can't do its work, as a sentence. Unlike a `ValidationError`, it doesn't print the usage.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
