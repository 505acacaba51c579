import Glibc
import System

/// A moment in UTC to the millisecond; ISO 8601 text (`2026-07-31T09:05:00.250Z`) in the database and in JSON, so that
/// text order is time order.
package struct Timestamp: Hashable, Comparable, Sendable {
    package let millisecondsSince1970: Int64

    package init(millisecondsSince1970: Int64) { self.millisecondsSince1970 = millisecondsSince1970 }

    /// The current time of the wall clock.
    package static var now: Timestamp {
        Timestamp(millisecondsSince1970: SystemTime.nowInNanoseconds / 1_000_000)
    }

    /// The day (UTC), counted from 1970.
    package var day: Int64 {
        let length: Int64 = 86_400_000
        return (millisecondsSince1970 - ((millisecondsSince1970 % length) + length) % length) / length
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.millisecondsSince1970 < b.millisecondsSince1970 }

    /// The moment that is earlier by a span, of which parts of a millisecond don't count.
    package static func - (moment: Timestamp, span: Duration) -> Timestamp {
        let (seconds, attoseconds) = span.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return Timestamp(millisecondsSince1970: moment.millisecondsSince1970 - milliseconds)
    }

    /// Seconds from `start` to this moment.
    package func seconds(since start: Timestamp) -> Double {
        Double(millisecondsSince1970 - start.millisecondsSince1970) / 1000
    }
}

extension Timestamp: CustomStringConvertible {
    /// The moment of an ISO 8601 text in the one form that ``description`` writes; nil for any other.
    package init?(_ text: some StringProtocol) {
        let characters = Array(text.utf8)
        guard characters.count == 24 else { return nil }
        func number(_ range: Range<Int>) -> Int? { Int(String(decoding: characters[range], as: UTF8.self)) }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), let milliseconds = number(20..<23)
        else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        self.init(millisecondsSince1970: Int64(timegm(&parts)) * 1000 + Int64(milliseconds))
        guard description == text else { return nil }
    }

    package var description: String {
        let milliseconds = ((millisecondsSince1970 % 1000) + 1000) % 1000
        var seconds = time_t((millisecondsSince1970 - milliseconds) / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ value: some BinaryInteger, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let clock = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
        return "\(date)T\(clock).\(padded(milliseconds, 3))Z"
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let timestamp = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "“\(text)” is no UTC timestamp")
        }
        self = timestamp
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
