internal import Foundation
internal import Learning
internal import Records
internal import Status

/// How values look in tables.
enum Text {
    /// A time in UTC to the second: `2026-07-31 09:05:00Z`.
    static func time(_ moment: Timestamp) -> String {
        moment.description.prefix(19).replacing("T", with: " ") + "Z"
    }

    static func time(_ moment: Date) -> String {
        time(Timestamp(millisecondsSince1970: Int64(moment.timeIntervalSince1970 * 1000)))
    }

    static func duration(from start: Timestamp, to end: Timestamp) -> String {
        ServiceStatus.timeSpan(end.seconds(since: start))
    }

    /// Seconds to a tenth: `3.2 s`.
    static func seconds(_ seconds: Double) -> String { String(format: "%.1f s", seconds) }

    /// The number for people, who count from 1.
    static func ordinal(_ index: Int) -> String { "\(index.saturatingSum(1))" }

    /// A number in 0...1 with four decimals; empty for nil.
    static func accuracy(_ share: Double?) -> String { share.map { String(format: "%.4f", $0) } ?? "" }

    /// A learning rate with six digits: runs of earlier releases stored the nearest Float, 0.00020000001 for 0.0002.
    static func rate(_ rate: Double) -> String { String(format: "%.6g", rate) }

    /// A candidate's hyperparameters in a few words.
    static func parameters(_ document: JSONText?) -> String {
        guard let document, let values: Hyperparameters = try? document.decoded() else { return document?.text ?? "" }
        var words = [
            values.backbone, values.activation.rawValue, values.optimizer.rawValue, "lr \(values.learningRate)",
            "batch \(values.batchSize)", "hidden \(values.hiddenUnits)", "dropout \(values.dropout)",
        ]
        if values.batchNormalization { words.append("batch norm") }
        return words.joined(separator: ", ")
    }
}
