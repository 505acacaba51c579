internal import ArgumentParser
internal import Settings

/// Finds misspelt commands before the parser sees them. The parser would complain about the first option that it
/// doesn't know, which belongs to the command that was meant.
enum CommandName {
    /// Throws `ValidationError` if the first argument isn't a command of `root`, or the next one isn't a subcommand of
    /// that command.
    static func check(_ arguments: some Collection<String>, of root: any ParsableCommand.Type) throws {
        var configuration = root.configuration
        var path = configuration.commandName ?? ""
        // `help` is built into the parser and takes the names of other commands.
        let arguments = arguments.first == "help" ? arguments.dropFirst() : arguments.dropFirst(0)
        for argument in arguments {
            let known = configuration.subcommands.map { $0.configuration }
            guard !known.isEmpty, !argument.hasPrefix("-") else { return }
            guard let next = known.first(where: { $0.commandName == argument }) else {
                throw ValidationError(refusal(of: argument, path, known.compactMap(\.commandName)))
            }
            configuration = next
            path += " \(argument)"
        }
    }

    private static func refusal(of name: String, _ path: String, _ known: [String]) -> String {
        let guess = Spelling.closest(to: name, among: known)
        return "There is no command '\(path) \(name)'"
            + (guess.map { "; did you mean '\(path) \($0)'?" }
                ?? ". The commands are: \(known.joined(separator: ", ")).")
    }
}
