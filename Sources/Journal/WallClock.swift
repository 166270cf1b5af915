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

    /// The text of an instant in milliseconds since 1970; one outside `range` becomes the nearest inside.
    static func text(_ instantMs: Int64) -> String {
        let clamped = min(max(instantMs, range.lowerBound), range.upperBound)
        let sinceYearZero = clamped - range.lowerBound
        let (day, timeMs) = sinceYearZero.quotientAndRemainder(dividingBy: 86_400_000)
        let date = date(day: Int(day))
        let time = Int(timeMs)
        return digits(date.year, 4) + "-" + digits(date.month, 2) + "-" + digits(date.day, 2)
            + "T" + digits(time / 3_600_000, 2) + ":" + digits(time / 60_000 % 60, 2)
            + ":" + digits(time / 1000 % 60, 2) + "." + digits(time % 1000, 3) + "Z"
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

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
