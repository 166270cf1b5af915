import Foundation
import Session
import Testing

@testable import kiosk_agent

/// The tools in board/examples, as the settings beside them name them.
@Suite struct ExampleToolsTests {
    static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("board/examples").path

    @Test func theSettingsAreRightAndTheProgramsAreThere() throws {
        let tools = try Settings.load(file: Self.examples + "/kiosk.toml").tools
        #expect(tools.map(\.name) == ["opening_hours", "open_door"])
    }

    @Test func theOpeningHoursAreTheFileAndToday() async throws {
        let tools = try Settings.load(file: Self.examples + "/kiosk.toml").tools
        let processes = ToolProcesses(tools, environment: [:])
        processes.start(.fixture(1, "opening_hours", "{}"), at: .now)
        var results: [(run: Int, result: ToolResult)] = []
        while results.isEmpty { results = processes.process(at: .now) }
        guard case .output(let text) = results[0].result else {
            Issue.record("\(results[0].result)")
            return
        }
        #expect(text.hasPrefix("Now it is "))
        #expect(text.contains(" 20"))
        #expect(text.hasSuffix("Sunday and public holidays: closed"))
    }

    @Test(arguments: [
        ("gpioset (libgpiod) v1.6.3", "--mode=time --usec=1000000 gpiochip0 17=1\ngpiochip0 17=0\n"),
        ("gpioset (libgpiod) v2.2.1", "--chip gpiochip0 --toggle 1000ms,0 17=1\n"),
    ])
    func theRelayIsDrivenForASecondWithEitherLibgpiod(version: String, calls: String) throws {
        let folder = try TemporaryFolder()
        let fake = try folder.write("""
            #!/bin/sh
            if [ "$1" = --version ]; then echo '\(version)'; else echo "$*" >> '\(folder.path)/calls'; fi
            """, to: "gpioset")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fake)
        let relay = Process()
        relay.executableURL = URL(fileURLWithPath: Self.examples + "/tools/open-relay")
        relay.arguments = ["gpiochip0", "17"]
        relay.environment = ["PATH": folder.path + ":/usr/bin:/bin"]
        let output = Foundation.Pipe()
        relay.standardOutput = output
        try relay.run()
        relay.waitUntilExit()
        #expect(relay.terminationStatus == 0)
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "the door was opened\n")
        #expect(try String(contentsOfFile: folder.path + "/calls", encoding: .utf8) == calls)
    }
}
