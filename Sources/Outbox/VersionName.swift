/// The names of versions: `v0001` and so on.
package enum VersionName {
    /// Anybody may create folders in the outbox. A name above this number wasn't reached by counting, so counting
    /// doesn't continue from it: soon there would be no next number.
    package static let highest = 1_000_000_000

    /// `v` and at least four digits: `v0001`, `v12345`.
    package static func text(_ number: Int) -> String {
        let digits = String(number)
        return "v" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Whether this is a valid folder name: `v` and digits. Any other name might lead out of the outbox.
    static func isOne(_ name: String) -> Bool {
        name.utf8.count > 1 && name.hasPrefix("v") && name.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    /// The number of a name as ``text(_:)`` writes it, from 1 to ``highest``; nil for any other name.
    package static func number(_ name: String) -> Int? {
        guard let number = Int(name.dropFirst()), text(number) == name else { return nil }
        return (1...highest).contains(number) ? number : nil
    }
}
