internal import ArgumentParser
internal import Settings

/// Finds commands that don't exist before the parser sees them: it would complain of the first option that it doesn't know,
/// which is one of the command that was meant.
enum CommandName {
    /// Throws `ValidationError` where the arguments begin with the name of no command of `root`, or go on with one of none
    /// of that command's own.
    static func check(_ arguments: some Collection<String>, of root: any ParsableCommand.Type) throws {
        var configuration = root.configuration
        var path = configuration.commandName ?? ""
        // `help` is a command of the parser's own, and takes the names of others.
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
            + (guess.map { "; did you mean '\(path) \($0)'?" } ?? ". There are: \(known.joined(separator: ", ")).")
    }
}
