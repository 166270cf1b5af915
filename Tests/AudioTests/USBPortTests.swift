import Foundation
import Testing

@testable import Audio

@Suite struct USBPortTests {
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("cards-\(UUID().uuidString)").path
        try card(0, id: "PCH", device: "../../../0000:00:1f.3")
        try card(1, id: "Device", device: "../../../1-1.2:1.0")
        try card(4, id: "Device_1", device: "../../../3-2:1.1")
    }

    /// As the kernel shows a card.
    private func card(_ number: Int, id: String, device: String) throws {
        let path = "\(folder)/card\(number)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data((id + "\n").utf8).write(to: URL(fileURLWithPath: path + "/id"))
        try FileManager.default.createSymbolicLink(atPath: path + "/device", withDestinationPath: device)
    }

    private func name(_ setting: String) throws -> String? {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try USBPort(setting)?.pcmName(in: folder)
    }

    @Test(arguments: [
        ("usb:1-1.2", "hw:CARD=Device,DEV=0"), ("usb:1-1.2,3", "hw:CARD=Device,DEV=3"),
        ("usb:3-2", "hw:CARD=Device_1,DEV=0"),
    ])
    func aPortNamesTheCardThatHangsThere(setting: String, expected: String) throws {
        #expect(try name(setting) == expected)
    }

    @Test func aPortWithoutACardMayGetOneLater() {
        #expect(throws: AudioError(.reopen, "usb:1-1: open: no sound card at this USB port")) { try name("usb:1-1") }
        #expect(throws: AudioError(.reopen, "usb:9-9: open: no sound card at this USB port")) {
            _ = try CaptureStream(device: AudioDevice("usb:9-9"))
        }
    }

    @Test(arguments: [
        "usb:", "usb:1", "usb:1-", "usb:-1", "usb:1-1.", "usb:a-1", "usb:1-1/..", "usb:1-1,x", "usb:1-1,32", "usb:1-1,",
        "usb:1-1,0,0", "usb:1-1234",
    ])
    func whatIsNoPortIsOneClearLine(setting: String) {
        let line = "\(setting): wanted usb:PORT or usb:PORT,DEVICE as kiosk-agent devices shows it"
        #expect(throws: AudioError(.tellOperator, line)) { _ = try probe(device: AudioDevice(setting), .capture) }
    }

    @Test func onlyUSBCardsHaveAPort() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect([0, 1, 2, 4].map { USBPort.port(ofCard: $0, in: folder) } == [nil, "1-1.2", nil, "3-2"])
        #expect(try USBPort("hw:CARD=Device") == nil)
    }
}
