// swift-tools-version:6.0
import PackageDescription

// Smaller by a sixth, and sooner started: relative relocations take bits instead of 24 bytes (C library 2.36 and later,
// Debian 12's), our modules' public names are nobody else's, so that what none of us calls is left out, functions whose
// code is the same are one, and those that a conversation uses lie side by side (board/order-functions).
let smaller = ["-use-ld=lld"]
    + ["-z", "pack-relative-relocs", "--no-export-dynamic", "--icf=all", "--no-warn-symbol-ordering",
       "--symbol-ordering-file=\(Context.packageDirectory)/Sources/kiosk-agent/functions.order",
    ].flatMap { ["-Xlinker", $0] }

// The map of the targets and why it is a star: README.md, "How it is built".
// Tests/ArchitectureTests holds the same table as data and checks every import against it.
let package = Package(
    name: "kiosk-agent",
    products: [
        .executable(name: "kiosk-agent", targets: ["kiosk-agent"]),
        .executable(name: "realtime-simulator", targets: ["realtime-simulator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    ],
    targets: [
        // C and C++: thin shims and module maps, no logic.
        .target(name: "CLinux"),
        .target(name: "CChecksum"),
        .target(name: "CALSA"),
        .target(name: "CSpeexDSP", linkerSettings: [.linkedLibrary("speexdsp")]),
        .target(name: "CGPIOD", linkerSettings: [.linkedLibrary("gpiod")]),
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "CWslay", linkerSettings: [.linkedLibrary("wslay")]),
        .target(name: "CTOMLPlusPlus"),

        // What all count time with.
        .target(name: "MonotonicClock", dependencies: ["CLinux"]),

        // Sans-IO.
        .target(name: "Realtime"),
        .target(
            name: "Session",
            dependencies: ["Realtime", "MonotonicClock"],
            resources: [.embedInCode("Resources/prices.json"), .embedInCode("Resources/conversation-prompt.txt"),
                        .embedInCode("Resources/transcription-prompt.txt"),
                        .embedInCode("Resources/context-summary-prompt.txt")]),

        // I/O rooms.
        .target(name: "Audio", dependencies: ["CALSA", "CSpeexDSP", "CLinux", "MonotonicClock"]),
        .target(name: "GPIO", dependencies: ["CGPIOD"]),
        .target(name: "Transport", dependencies: ["COpenSSL", "CWslay", "CLinux", "MonotonicClock"]),
        .target(name: "Journal", dependencies: ["CLinux", "CChecksum"]),

        // Executables.
        .executableTarget(
            name: "kiosk-agent",
            dependencies: [
                "Session", "Realtime", "Audio", "GPIO", "Transport", "Journal", "CLinux",
                "MonotonicClock", "CTOMLPlusPlus",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["functions.order"],
            linkerSettings: [.unsafeFlags(smaller, .when(configuration: .release))]),
        .executableTarget(
            name: "realtime-simulator",
            dependencies: [
                "Transport", "CLinux", "MonotonicClock",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Samples"]),

        // Tests.
        .testTarget(name: "ArchitectureTests"),
        .testTarget(name: "MonotonicClockTests", dependencies: ["MonotonicClock"]),
        .testTarget(name: "RealtimeTests", dependencies: ["Realtime"], exclude: ["Vectors"]),
        .testTarget(name: "SessionTests", dependencies: ["Session", "Realtime", "MonotonicClock"]),
        .testTarget(name: "AudioTests", dependencies: ["Audio", "CAllocationCounter", "MonotonicClock"]),
        .testTarget(name: "GPIOTests", dependencies: ["GPIO"]),
        .testTarget(name: "TransportTests", dependencies: ["Transport", "MonotonicClock"]),
        .testTarget(name: "JournalTests", dependencies: ["Journal"]),
        .testTarget(
            name: "AgentTests",
            dependencies: ["kiosk-agent", "Session", "Realtime", "Journal", "Audio", "MonotonicClock"]),
        .testTarget(name: "SimulatorTests", dependencies: ["realtime-simulator", "MonotonicClock"]),
        .testTarget(name: "EndToEndTests", dependencies: ["KioskBench"]),

        // Tests that need the board's devices: board/test runs them where these are.
        .testTarget(name: "DeviceTests", dependencies: ["Audio", "GPIO", "KioskBench", "MonotonicClock"]),
        .testTarget(name: "KioskTests", dependencies: ["KioskBench"]),

        // What the tests of real processes share.
        .target(name: "KioskBench", path: "Tests/KioskBench"),
        // Counts what a thread asks of the heap; in test programs only.
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11,
    cxxLanguageStandard: .cxx17
)

// Each function is for the linker to leave out or to lay elsewhere.
var forRelease = ["-Xfrontend", "-function-sections"]
// Whether a variable is changed while it is read is asked at run time only in debug builds, which the tests are: in a
// release build it would be a twentieth of what the loop does. Older compilers keep asking: with that off, Swift 6.0.3
// ends a noncopyable property of a class at its first use, so that files are closed in use.
#if compiler(>=6.3)
forRelease.append("-enforce-exclusivity=unchecked")
#endif
for target in package.targets where target.type == .regular || target.type == .executable {
    target.swiftSettings = [.unsafeFlags(forRelease, .when(configuration: .release))]
}
