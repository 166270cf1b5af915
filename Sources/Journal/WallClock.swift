import Glibc

/// Where entries get their `at` from: a value, so that tests set the time.
public struct WallClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds. Any thread; must not block.
    public let nowMs: @Sendable () -> Int64

    /// A clock that answers what `nowMs` returns.
    public init(nowMs: @escaping @Sendable () -> Int64) {
        self.nowMs = nowMs
    }

    /// CLOCK_REALTIME.
    public static let system = WallClock {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    /// An instant in milliseconds since 1970 as entries write it: RFC 3339, UTC, milliseconds, `Z`.
    public static func text(_ instantMs: Int64) -> String { Timestamp.text(instantMs) }

    /// The instant of a text: RFC 3339, of any offset, or a day, `2026-11-21`, which is its first millisecond (UTC).
    ///
    /// Nil for anything else, days that no calendar has included. What is finer than a millisecond is cut off.
    public static func instantMs(of text: String) -> Int64? { Timestamp.instantMs(of: text) }
}

extension WallClock {
    /// Milliseconds of a day, UTC: leap seconds are not counted.
    public static let dayMs: Int64 = 86_400_000

    /// The day of an instant, UTC, as entries have it: `2026-11-21`.
    public static func day(atMs instantMs: Int64) -> String { String(Timestamp.text(instantMs).prefix(10)) }
}

/// RFC 3339 instants as the journal writes them: UTC, milliseconds, `Z`; 24 bytes, so text order is time order.
enum Timestamp {
    /// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: RFC 3339 has four digits for the year.
    static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// Bytes of a text.
    static let count = 24

    /// The text of an instant in milliseconds since 1970; one outside `range` becomes the nearest inside.
    static func text(_ instantMs: Int64) -> String {
        var bytes: [UInt8] = []
        append(instantMs, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text of an instant.
    static func append(_ instantMs: Int64, to bytes: inout [UInt8]) {
        let clamped = min(max(instantMs, range.lowerBound), range.upperBound)
        let sinceYearZero = clamped - range.lowerBound
        let (day, timeMs) = sinceYearZero.quotientAndRemainder(dividingBy: 86_400_000)
        let date = date(day: Int(day))
        let time = Int(timeMs)
        append(date.year, 1000, UInt8(ascii: "-"), to: &bytes)
        append(date.month, 10, UInt8(ascii: "-"), to: &bytes)
        append(date.day, 10, UInt8(ascii: "T"), to: &bytes)
        append(time / 3_600_000, 10, UInt8(ascii: ":"), to: &bytes)
        append(time / 60_000 % 60, 10, UInt8(ascii: ":"), to: &bytes)
        append(time / 1000 % 60, 10, UInt8(ascii: "."), to: &bytes)
        append(time % 1000, 100, UInt8(ascii: "Z"), to: &bytes)
    }

    /// Whether 24 bytes have digits and signs where a text of this kind has them.
    static func isShaped(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let shape: StaticString = "0000-00-00T00:00:00.000Z"
        for index in 0..<count {
            let (byte, wanted) = (bytes[index], shape.utf8Start[index])
            guard wanted == 48 ? byte >= 48 && byte <= 57 : byte == wanted else { return false }
        }
        return true
    }

    /// Proleptic Gregorian date of a day counted from 0000-01-01.
    ///
    /// Howard Hinnant's `civil_from_days` ("chrono-Compatible Low-Level Date Algorithms"): years that begin in March
    /// put the leap day last, so months need no table.
    private static func date(day: Int) -> (year: Int, month: Int, day: Int) {
        // One 400-year era (146097 days) is added so that January and February of year 0 need no negative numbers.
        let sinceMarch = day + 146_097 - 60
        let (era, dayOfEra) = sinceMarch.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = (era - 1) * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    /// The inverse of `text`, for every way in which RFC 3339 allows an instant to be written, and for days.
    static func instantMs(of text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard let year = number(bytes, 0, 4), let month = number(bytes, 5, 2), let day = number(bytes, 8, 2),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), (1...12).contains(month),
            (1...31).contains(day)
        else { return nil }
        let dayMs = range.lowerBound + Int64(Self.day(year: year, month: month, day: day)) * 86_400_000
        // The 31st of a month that has none is another day's text.
        guard Self.text(dayMs).utf8.prefix(10).elementsEqual(bytes[..<10]) else { return nil }
        if bytes.count == 10 { return dayMs }
        guard let time = timeMs(bytes) else { return nil }
        return dayMs + time
    }

    /// What follows the day, `T10:15:02.123Z`, in milliseconds; an offset is taken off.
    private static func timeMs(_ bytes: [UInt8]) -> Int64? {
        guard bytes.count >= 20, [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(bytes[10]),
            let hour = number(bytes, 11, 2), let minute = number(bytes, 14, 2), let second = number(bytes, 17, 2),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"), hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        var fraction = 0
        if bytes[index] == UInt8(ascii: ".") {
            let digits = bytes[(index + 1)...].prefix { (48...57).contains($0) }
            guard !digits.isEmpty else { return nil }
            index += 1 + digits.count
            fraction = (Array(digits.prefix(3)) + [48, 48]).prefix(3).reduce(0) { $0 * 10 + Int($1 - 48) }
        }
        guard let offset = offsetMinutes(bytes[index...]) else { return nil }
        return Int64((hour * 60 + minute - offset) * 60 + second) * 1000 + Int64(fraction)
    }

    private static func offsetMinutes(_ zone: ArraySlice<UInt8>) -> Int? {
        if zone.elementsEqual("Z".utf8) || zone.elementsEqual("z".utf8) { return 0 }
        let zone = Array(zone)
        guard zone.count == 6, zone[3] == UInt8(ascii: ":"), let hours = number(zone, 1, 2), hours < 24,
            let minutes = number(zone, 4, 2), minutes < 60
        else { return nil }
        switch zone[0] {
        case UInt8(ascii: "+"): return hours * 60 + minutes
        case UInt8(ascii: "-"): return -hours * 60 - minutes
        default: return nil
        }
    }

    /// Days from 0000-01-01; Hinnant's `days_from_civil`, see `date`.
    private static func day(year: Int, month: Int, day: Int) -> Int {
        let years = year + 400 - (month <= 2 ? 1 : 0)
        let (era, yearOfEra) = years.quotientAndRemainder(dividingBy: 400)
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 146_097 + 60
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int? {
        guard bytes.count >= start + count else { return nil }
        let digits = bytes[start..<start + count]
        guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// Appends a number, its first digit that of `highest`, and the sign behind it.
    private static func append(_ number: Int, _ highest: Int, _ sign: UInt8, to bytes: inout [UInt8]) {
        var divisor = highest
        while divisor > 0 {
            bytes.append(48 &+ UInt8(number / divisor % 10))
            divisor /= 10
        }
        bytes.append(sign)
    }
}
