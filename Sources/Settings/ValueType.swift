internal import Foundation
internal import Intake

/// How the text of a setting becomes a value: what is expected, in words, and the conversion in both directions.
struct ValueType<Value>: Sendable {
    let expected: String
    let parse: @Sendable (String) -> Value?
    let format: @Sendable (Value) -> String
}

extension ValueType where Value == String {
    /// The system would treat the part before a NUL as the whole path.
    static var path: Self {
        .init(expected: "a path", parse: { $0.isEmpty || $0.utf8.contains(0) ? nil : $0 }, format: { $0 })
    }

    /// The name of a file or folder, or a pattern for one.
    static var name: Self {
        .init(
            expected: "a name without a slash",
            parse: { $0.isEmpty || $0.utf8.contains(0) || $0.contains("/") ? nil : $0 }, format: { $0 })
    }

    /// A pattern of names to ignore and remove; it must not match all pictures.
    static var ignoredName: Self {
        .init(
            expected: "a pattern of names without a slash that doesn't match every picture, such as *.txt",
            parse: { text in
                guard let pattern = name.parse(text), !NameRules.ignoresPictures(pattern) else { return nil }
                return pattern
            }, format: { $0 })
    }

    /// The name of a backbone, optionally with an input size: `vgg16` or `vgg16@96`.
    static var backbone: Self {
        .init(
            expected: "a backbone's name, or NAME@SIZE with a size in pixels from "
                + "\(BackboneChoice.inputSizes.lowerBound) to \(BackboneChoice.inputSizes.upperBound)",
            parse: { BackboneChoice(text: $0)?.text }, format: { $0 })
    }
}

extension ValueType where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        let expected =
            range.upperBound == .max
            ? "a whole number of at least \(range.lowerBound)"
            : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return .init(
            expected: expected, parse: { Int($0).flatMap { range.contains($0) ? $0 : nil } }, format: { String($0) })
    }
}

extension ValueType where Value == Double {
    static func number(_ range: ClosedRange<Double>) -> Self {
        .init(
            expected: "a number from \(short(range.lowerBound)) to \(short(range.upperBound))",
            parse: { Double($0).flatMap { range.contains($0) ? $0 : nil } }, format: short)
    }

    /// A fraction of a whole: zero is allowed, one isn't.
    static var share: Self {
        .init(
            expected: "a number from 0 to below 1",
            parse: { Double($0).flatMap { $0 >= 0 && $0 < 1 ? $0 : nil } }, format: short)
    }

    /// A time span as systemd writes it: seconds without a unit, or `s`, `min`, `h`, `d`.
    static func timeSpan(_ range: ClosedRange<Double>) -> Self {
        .init(
            expected: "a time span such as 5s, 15min or 1h, "
                + "from \(timeSpanText(range.lowerBound)) to \(timeSpanText(range.upperBound))",
            parse: { seconds(in: $0).flatMap { range.contains($0) ? $0 : nil } }, format: timeSpanText)
    }

    private static let units: [(suffix: String, seconds: Double)] = [("min", 60), ("s", 1), ("h", 3600), ("d", 86_400)]

    private static func seconds(in text: String) -> Double? {
        let unit = units.first { text.hasSuffix($0.suffix) }
        let number = text.dropLast(unit?.suffix.count ?? 0).trimmingCharacters(in: .whitespaces)
        guard let count = Double(number), count.isFinite, count >= 0 else { return nil }
        return count * (unit?.seconds ?? 1)
    }

    private static func timeSpanText(_ seconds: Double) -> String {
        let whole = units.sorted { $0.seconds > $1.seconds }
            .first { seconds >= $0.seconds && seconds.truncatingRemainder(dividingBy: $0.seconds) == 0 }
        return whole.map { short(seconds / $0.seconds) + $0.suffix } ?? short(seconds) + "s"
    }
}

extension ValueType where Value == Bool {
    static var flag: Self {
        let words = [
            "true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false, "0": false,
        ]
        return .init(expected: "true or false", parse: { words[$0.lowercased()] }, format: { String($0) })
    }
}

extension ValueType where Value: RawRepresentable & CaseIterable & SendableMetatype, Value.RawValue == String {
    static var choice: Self {
        let names = Value.allCases.map(\.rawValue)
        return .init(
            expected: "one of \(names.joined(separator: ", "))", parse: { Value(rawValue: $0) }, format: { $0.rawValue }
        )
    }
}

/// A number without a zero fraction: 5 rather than 5.0.
private func short(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : "\(number)"
}
