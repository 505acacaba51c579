/// What keeps a command from doing its work, in a sentence. Unlike a `ValidationError` it isn't answered with the usage.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
