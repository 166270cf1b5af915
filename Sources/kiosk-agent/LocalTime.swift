import Glibc
import Journal

/// An entry's instant as the clock on the kiosk's wall shows it.
struct LocalTime: Equatable {
    /// What a zone is at an instant: seconds east of Greenwich, and what they are called.
    struct Zone: Equatable {
        let offsetS: Int
        let name: String

        /// The machine's (localtime(3)).
        static func system(secondsSince1970: Int) -> Zone {
            var (instant, local) = (time_t(secondsSince1970), tm())
            guard localtime_r(&instant, &local) != nil else { return Zone(offsetS: 0, name: "UTC") }
            return Zone(offsetS: local.tm_gmtoff, name: local.tm_zone.map { String(cString: $0) } ?? "")
        }

        /// `CET (UTC+01:00)`, `UTC`.
        var words: String {
            let minutes = abs(offsetS) / 60
            let sign = offsetS < 0 ? "-" : "+"
            let offset = "UTC\(sign)\(LocalTime.two(minutes / 60)):\(LocalTime.two(minutes % 60))"
            return name == "UTC" ? name : name.isEmpty ? offset : "\(name) (\(offset))"
        }
    }

    /// `2026-11-21`.
    let day: String
    /// `10:15:02`.
    let time: String
    let zone: Zone

    /// Nil when `at` is no instant as entries have it.
    init?(at: String, zone: (_ secondsSince1970: Int) -> Zone) {
        guard let atMs = WallClock.instantMs(of: at) else { return nil }
        let own = zone(Int(atMs / 1000))
        let local = WallClock.text(atMs + Int64(own.offsetS) * 1000)
        day = String(local.prefix(10))
        time = String(local.dropFirst(11).prefix(8))
        self.zone = own
    }

    fileprivate static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
