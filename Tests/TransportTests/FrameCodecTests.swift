import Testing

@testable import Transport

@Suite struct FrameCodecTests {
    private let client = FrameCodec(role: .client)

    private func receive(_ bytes: [UInt8]) { bytes.withUnsafeBytes(client.receive) }

    /// An unmasked frame with a payload of at most 125 bytes.
    private func frame(_ firstByte: UInt8, _ payload: String) -> [UInt8] {
        [firstByte, UInt8(payload.utf8.count)] + payload.utf8
    }

    @Test func framesComeWholeWhateverTheirPieces() {
        let bytes = frame(0x81, "Grüße") + frame(0x82, "raw") + frame(0x81, "")
        for byte in bytes { receive([byte]) }
        #expect(client.takeMessages() == [.text(Array("Grüße".utf8)), .binary(Array("raw".utf8)), .text([])])
        #expect(client.takeMessages() == [])
        #expect(client.violation == nil)
    }

    @Test func fragmentsAreJoinedAroundAPing() {
        receive(frame(0x01, "one ") + frame(0x89, "?") + frame(0x00, "two ") + frame(0x80, "three"))
        #expect(client.takeMessages() == [.text(Array("one two three".utf8))])
        // A masked pong with one byte.
        #expect(client.outgoing.count == 7)
    }

    @Test func aCharacterMayBeCutByAFragment() {
        receive([0x01, 1, 0xC3] + [0x80, 1, 0xBC])
        #expect(client.takeMessages() == [.text([0xC3, 0xBC])])
    }

    @Test(arguments: [
        ([0x81, 2, 0xC3, 0x28], "text that is no UTF-8"),
        ([0x81, 1, 0xC3], "text that is no UTF-8"),
        ([0x81, 3, 0xED, 0xA0, 0x80], "text that is no UTF-8"),
        // Masked, though from a server.
        ([0x81, 0x81, 0, 0, 0, 0, 0x61], "frame against the protocol"),
        // A reserved bit, a reserved opcode, a continuation of nothing, a new message within another.
        ([0xC1, 1, 0x61], "frame against the protocol"),
        ([0x83, 1, 0x61], "frame against the protocol"),
        ([0x80, 1, 0x61], "frame against the protocol"),
        ([0x01, 1, 0x61, 0x81, 1, 0x61], "frame against the protocol"),
        // A fragmented ping, one that is too long, a closing frame of one byte, one with a forbidden code.
        ([0x09, 0], "frame against the protocol"),
        ([0x89, 126, 0, 126], "frame against the protocol"),
        ([0x88, 2, 0x03, 0xED], "frame against the protocol"),
        ([0x88, 2, 0x00, 0x01], "frame against the protocol"),
        // One byte more than 16 MiB, said in one frame whose first byte is there.
        ([0x82, 127, 0, 0, 0, 0, 1, 0, 0, 1, 0], "message of more than 16 MiB"),
        ([0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0], "message of more than 16 MiB"),
    ] as [([UInt8], String)])
    func aViolationIsNamedAndAnsweredWithAClosingFrame(bytes: [UInt8], words: String) {
        receive(bytes)
        #expect(client.violation == words)
        #expect(client.takeMessages() == [])
        #expect(client.peerClose == nil)
        #expect(!client.outgoing.isEmpty)
        receive(frame(0x81, "more"))
        #expect(client.takeMessages() == [])
    }

    @Test func fragmentsThatAddUpToTooMuchAreAViolation() {
        let half = [UInt8](repeating: 0x61, count: FrameCodec.messageLimit / 2)
        let length: [UInt8] = [127, 0, 0, 0, 0, 0, 0x80, 0, 0]
        receive([0x01] + length + half)
        receive([0x00] + length + half)
        #expect(client.violation == nil)
        receive([0x80, 1, 0x61])
        #expect(client.violation == "message of more than 16 MiB")
        #expect(client.takeMessages() == [])
    }

    @Test(arguments: [1000, 1001, 1003, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4004, 4999] as [UInt16])
    func everyCloseCodeThatServersSendIsReported(code: UInt16) {
        receive([0x88, 5, UInt8(code >> 8), UInt8(code & 0xFF)] + "why".utf8)
        #expect(client.peerClose?.code == code)
        #expect(client.peerClose?.reason == "why")
        #expect(client.violation == nil)
    }

    @Test func aClosingFrameWithoutACodeCountsAs1005() {
        receive([0x88, 0])
        #expect(client.peerClose?.code == 1005)
        #expect(client.peerClose?.reason == "")
    }

    @Test func nothingIsQueuedBehindAClosingFrame() {
        client.queueClose(code: 1000, reason: "")
        let count = client.outgoing.count
        #expect(!client.queue(binary: [1]))
        #expect(client.outgoing.count == count)
    }

    @Test func aLongCloseReasonIsCutBetweenCharacters() {
        let server = FrameCodec(role: .server)
        server.queueClose(code: 4000, reason: String(repeating: "ü", count: 100))
        // Header of two bytes, code, and 61 whole characters.
        #expect(server.outgoing.count == 2 + 2 + 122)
    }

    /// More of them than are drawn at a time; that two of 600 masks are alike has a chance of 1 in 24,000.
    @Test func everyFrameOfAClientHasAMaskOfItsOwn() {
        let server = FrameCodec(role: .server)
        var masks: Set<[UInt8]> = []
        for number in 0..<600 {
            #expect(client.queue(binary: [UInt8(number & 0xFF), 0, 0, 0]))
            let sent = Sent()
            #expect(client.outgoing.write(to: sent) == .done(0))
            masks.insert(Array(sent.bytes[2..<6]))
            sent.bytes.withUnsafeBytes(server.receive)
            #expect(server.takeMessages() == [.binary([UInt8(number & 0xFF), 0, 0, 0])])
        }
        #expect(masks.count == 600)
    }

    @Test func aServerRefusesUnmaskedFrames() {
        let server = FrameCodec(role: .server)
        frame(0x81, "a").withUnsafeBytes(server.receive)
        #expect(server.violation == "frame against the protocol")
    }
}

/// Keeps what is written.
private final class Sent: ByteStream {
    let descriptor: Int32 = -1
    private(set) var bytes: [UInt8] = []

    func read(into buffer: UnsafeMutableRawBufferPointer) -> IOResult { .ended }

    func write(_ more: UnsafeRawBufferPointer) -> IOResult {
        bytes += more
        return .done(more.count)
    }

    func finishWriting() {}
}
