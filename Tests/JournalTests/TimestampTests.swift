import Foundation
import Testing

@testable import Journal

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_256_102_123, "2026-11-21T10:15:02.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
        (-2_203_891_200_001, "1900-02-28T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
    func instantIsWrittenExactly(instantMs: Int64, text: String) {
        #expect(Timestamp.text(instantMs) == text)
    }

    @Test(arguments: [
        ("2026-11-21T10:15:02.123Z", 1_795_256_102_123), ("2026-11-21T10:15:02Z", 1_795_256_102_000),
        ("2026-11-21T11:15:02.123456+01:00", 1_795_256_102_123), ("2026-11-21 04:45:02.1-05:30", 1_795_256_102_100),
        ("2026-11-21t10:15:02z", 1_795_256_102_000), ("2026-11-21", 1_795_219_200_000),
        ("2000-02-29", 951_782_400_000), ("0000-01-01", -62_167_219_200_000), ("2026-12-31T23:59:60Z", 1_798_761_600_000),
        ("2026-02-29", nil), ("2026-04-31", nil), ("2026-13-01", nil), ("2026-00-01", nil), ("2026-11-00", nil),
        ("2026-11-21T24:00:00Z", nil), ("2026-11-21T10:60:00Z", nil), ("2026-11-21T10:15:02", nil),
        ("2026-11-21T10:15Z", nil), ("2026-11-21T10:15:02.Z", nil), ("2026-11-21T10:15:02+0100", nil),
        ("2026-11-21T10:15:02Zz", nil), ("2026-11-2", nil), ("", nil), ("today", nil), ("2026/11/21", nil),
        ("٢٠٢٦-11-21", nil), ("2026-11-21T", nil), ("2026-11-21T10:15:02~01:00", nil),
    ] as [(String, Int64?)])
    func aTextIsReadAsTheInstantItNames(text: String, instantMs: Int64?) {
        #expect(WallClock.instantMs(of: text) == instantMs)
    }

    @Test func whatIsWrittenIsReadBack() {
        for instantMs in stride(from: Timestamp.range.lowerBound, through: Timestamp.range.upperBound, by: 7_654_321_987) {
            #expect(Timestamp.instantMs(of: Timestamp.text(instantMs)) == instantMs)
        }
    }

    @Test func instantsOutsideFourDigitYearsBecomeTheNearest() {
        #expect(Timestamp.text(.min) == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp.text(.max) == "9999-12-31T23:59:59.999Z")
    }

    /// 40000 instants from year 0 to 9999, against gmtime_r(3).
    @Test func agreesWithTheCLibrary() {
        let step = (Timestamp.range.upperBound - Timestamp.range.lowerBound) / 40_000
        for instantMs in stride(from: Timestamp.range.lowerBound, through: Timestamp.range.upperBound, by: Int(step)) {
            let (seconds, milliseconds) = (instantMs.floorDivided(by: 1000), instantMs.floorRemainder(by: 1000))
            var time = time_t(seconds)
            var parts = tm()
            gmtime_r(&time, &parts)
            let fields: [(value: Int32, digits: Int, end: String)] = [
                (parts.tm_year + 1900, 4, "-"), (parts.tm_mon + 1, 2, "-"), (parts.tm_mday, 2, "T"),
                (parts.tm_hour, 2, ":"), (parts.tm_min, 2, ":"), (parts.tm_sec, 2, "."), (Int32(milliseconds), 3, "Z"),
            ]
            let wanted = fields.map { field in
                let number = String(field.value)
                return String(repeating: "0", count: field.digits - number.count) + number + field.end
            }.joined()
            guard Timestamp.text(instantMs) == wanted else {
                Issue.record("\(instantMs): \(Timestamp.text(instantMs)) instead of \(wanted)")
                return
            }
        }
    }

    @Test func systemClockIsTheWallClock() {
        #expect(abs(WallClock.system.nowMs() - Int64(Date().timeIntervalSince1970 * 1000)) < 5000)
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        (self - floorRemainder(by: divisor)) / divisor
    }

    fileprivate func floorRemainder(by divisor: Int64) -> Int64 {
        (self % divisor + divisor) % divisor
    }
}
