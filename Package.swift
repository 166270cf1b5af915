// swift-tools-version:6.0
import PackageDescription

let package = Package(
    name: "kiosk-agent",
    targets: [
        .target(name: "Realtime"),
        .testTarget(name: "RealtimeTests", dependencies: ["Realtime"], exclude: ["Vectors"]),
    ],
    swiftLanguageModes: [.v6]
)
