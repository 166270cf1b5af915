/// What a target may import: the map of README.md, "How it is built", as data.
struct Room {
    let name: String
    /// Targets of this package.
    var modules: Set<String> = []
    /// Products of other packages.
    var products: Set<String> = []
    /// An executable has no clients that a C type could leak to.
    var isExecutable = false

    /// The targets of this package that hold Swift code.
    static let all = [
        Room(name: "MonotonicClock", modules: ["CLinux"]),
        Room(name: "Realtime"),
        Room(name: "Session", modules: ["Realtime", "MonotonicClock"]),
        Room(name: "Audio", modules: ["CALSA", "CSpeexDSP", "CLinux", "MonotonicClock"]),
        Room(name: "GPIO", modules: ["CGPIOD"]),
        Room(name: "Transport", modules: ["COpenSSL", "CWslay", "CLinux", "MonotonicClock"]),
        Room(name: "Journal", modules: ["CLinux", "CChecksum"]),
        Room(
            name: "kiosk-agent",
            modules: ["Session", "Realtime", "Audio", "GPIO", "Transport", "Journal", "CLinux", "MonotonicClock",
                "CTOMLPlusPlus"],
            products: ["ArgumentParser"], isExecutable: true),
        Room(
            name: "realtime-simulator",
            modules: ["Transport", "CLinux", "MonotonicClock"],
            products: ["ArgumentParser"], isExecutable: true),
    ]

    /// The targets of this package that hold C or C++ code; only the rooms above that name them import them.
    static let cModules: Set<String> = [
        "CLinux", "CChecksum", "CALSA", "CSpeexDSP", "CGPIOD", "COpenSSL", "CWslay", "CTOMLPlusPlus",
    ]

    /// Targets that stand under Tests and that tests share; no room imports them.
    static let testModules: Set<String> = ["KioskBench", "CAllocationCounter"]

    /// Modules of the toolchain that every room may use; Foundation is not one of them: it costs 81 MB on a board.
    static let toolchainModules: Set<String> = ["FoundationEssentials", "Glibc", "Synchronization"]

    static func named(_ name: String) -> Room? { all.first { $0.name == name } }

    /// What is wrong with the import lines of one file of this room, one line each.
    func violations(in source: SourceFile) -> [String] {
        let allowed = modules.union(products).union(Self.toolchainModules)
        return source.imports.compactMap { line in
            let place = "\(source.path):\(line.number): import \(line.module)"
            guard allowed.contains(line.module) else {
                return "\(place): \(name) may import \(allowed.sorted().joined(separator: ", "))"
            }
            if line.hasAttribute { return "\(place): wanted without an attribute" }
            if Self.cModules.contains(line.module), !isExecutable, line.access != "internal" {
                return "\(place): wanted internal import, so that C types cannot leak"
            }
            return nil
        }
    }
}
