import MonotonicClock
import Testing

@testable import Transport

@Suite struct LinkTests {
    @Test(arguments: [nil, Certificates.shared.good])
    func messagesGoBothWaysInOrder(tls: Certificates.Pair?) throws {
        let pair = try Pair.open(tls: tls)
        for number in 0..<20 {
            #expect(pair.client.socket.send(text: "up \(number)", now: start))
            #expect(pair.server.socket.send(text: "down \(number)", now: start))
        }
        try #require(pair.run { pair.client.texts.count == 20 && pair.server.texts.count == 20 })
        #expect(pair.server.texts == (0..<20).map { "up \($0)" })
        #expect(pair.client.texts == (0..<20).map { "down \($0)" })
    }

    @Test(arguments: [nil, Certificates.shared.good])
    func aMessageOf16MiBGoesBothWays(tls: Certificates.Pair?) throws {
        let pair = try Pair.open(tls: tls)
        let message = [UInt8](repeating: 0x61, count: FrameCodec.messageLimit)
        #expect(pair.client.socket.send(binary: message, now: start))
        try #require(pair.run { pair.server.events.last == .binary(message) })
        #expect(pair.server.socket.send(binary: message, now: start))
        #expect(pair.run { pair.client.events.last == .binary(message) })
    }

    @Test func aLongerMessageEndsTheConnectionWith1009() throws {
        let pair = try Pair.open()
        pair.client.socket.send(raw: [0x82, 0xFF, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0], now: start)
        try #require(pair.run { pair.client.closure != nil && pair.server.closure != nil })
        #expect(pair.server.closure?.error?.reason == "message of more than 16 MiB")
        #expect(pair.client.closure == Closure(code: 1009))
    }

    @Test func textThatIsNoUTF8EndsTheConnectionWith1007() throws {
        let pair = try Pair.open()
        pair.server.socket.send(raw: [0x81, 1, 0xFF], now: start)
        try #require(pair.run { pair.client.closure != nil && pair.server.closure != nil })
        #expect(pair.client.closure?.error?.reason == "text that is no UTF-8")
        #expect(pair.server.closure?.code == 1007)
    }

    @Test func theServersCloseCodeAndReasonArrive() throws {
        let pair = try Pair.open(tls: Certificates.shared.good)
        pair.server.socket.send(text: "last", now: start)
        pair.server.socket.close(code: 1013, reason: "insufficient_quota.insufficient_quota", now: start)
        try #require(pair.run { pair.client.closure != nil && pair.server.closure != nil })
        #expect(pair.client.texts == ["last"])
        #expect(pair.client.closure == Closure(code: 1013, reason: "insufficient_quota.insufficient_quota"))
        #expect(pair.client.closure?.description == "closed with 1013: insufficient_quota.insufficient_quota")
        #expect(pair.server.closure?.isInitiatedByUs == true)
    }

    @Test func theClientsCloseIsAnswered() throws {
        let pair = try Pair.open(tls: Certificates.shared.good)
        pair.client.socket.close(code: 1000, reason: "bye", now: start)
        #expect(!pair.client.socket.send(text: "late", now: start))
        try #require(pair.run { pair.client.closure != nil && pair.server.closure != nil })
        #expect(pair.server.closure == Closure(code: 1000, reason: "bye"))
        #expect(pair.client.closure == Closure(code: 1000, reason: "bye", isInitiatedByUs: true))
    }

    @Test func aCloseThatIsNotAnsweredEndsAfterASecond() throws {
        let pair = try RawPair.open()
        pair.client.socket.close(code: 1000, reason: "", now: start)
        pair.client.process(start + .milliseconds(999))
        #expect(pair.client.closure == nil)
        pair.client.process(start + .seconds(1))
        #expect(pair.client.closure == Closure(isInitiatedByUs: true))
    }

    @Test func aResetWithinAMessageIsALostConnection() throws {
        let pair = try RawPair.open()
        pair.server.write([0x81, 100, 0x61])
        pair.server.reset()
        try #require(pair.run { pair.client.closure != nil })
        #expect(pair.client.closure?.error?.description
            == "127.0.0.1:\(pair.server.port): websocket: connection lost: Connection reset by peer")
        #expect(pair.client.texts == [])
    }

    @Test func anEndWithoutClosingFrameIsALostConnection() throws {
        let pair = try RawPair.open()
        #expect(try pair.closure(afterWriting: [0x81, 1, 0x61]).error?.reason
            == "connection lost: ended without a closing frame")
        #expect(pair.client.texts == ["a"])
    }

    @Test func anEndOfTCPUnderTLSIsALostConnection() throws {
        let pair = try Pair.open(tls: Certificates.shared.good)
        pair.server.socket.abandon()
        try #require(pair.run { pair.client.closure != nil })
        #expect(pair.client.closure?.error?.step == .webSocket)
        #expect(pair.server.closure == nil)
    }

    @Test func aCloseReasonIsToldEvenWhenAWriteFailedBeforeItWasRead() throws {
        let pair = try RawPair.open()
        pair.server.write([0x88, 5, 0x03, 0xE9] + "end".utf8)
        pair.server.hangUp()
        // The first write meets a closed socket and brings a reset, the second one fails.
        let failed = eventually { () -> Bool? in
            pair.client.socket.send(text: "x", now: start)
            return pair.client.socket.deadline == start ? true : nil
        }
        #expect(failed == true)
        #expect(pair.run { pair.client.closure != nil })
        #expect(pair.client.closure == Closure(code: 1001, reason: "end"))
    }

    @Test func aServersPingIsAnsweredWithItsPayload() throws {
        let pair = try RawPair.open()
        let before = pair.server.received.count
        pair.server.write([0x89, 4, 1, 2, 3, 4])
        try #require(pair.run { pair.server.received.count == before + 10 })
        let pong = Array(pair.server.received[before...])
        #expect(Array(pong[..<2]) == [0x8A, 0x84])
        let mask = pong[2..<6]
        #expect(zip(mask, pong[6...]).map { $0 ^ $1 } == [1, 2, 3, 4])
    }

    @Test func theClientPingsEvery15SecondsAndGivesUp10SecondsAfterSilence() throws {
        let pair = try Pair.open()
        #expect(pair.run { pair.client.socket.deadline == start + .seconds(15) })
        pair.client.process(start + .seconds(15))
        #expect(pair.client.socket.deadline == start + .seconds(25))
        // The pong comes.
        #expect(pair.run(at: start + .seconds(16)) { pair.client.socket.deadline == start + .seconds(30) })
        pair.client.process(start + .seconds(30))
        pair.client.process(start + .milliseconds(39_999))
        #expect(pair.client.closure == nil)
        pair.client.process(start + .seconds(40))
        let error = pair.client.closure?.error
        #expect(error?.step == .keepAlive)
        #expect(error?.reason == "no answer for 10 s")
    }

    @Test func anythingReceivedCountsAsAnAnswerEvenWhenTheClockWasLookedAtLate() throws {
        let pair = try RawPair.open()
        pair.client.process(start + .seconds(15))
        pair.server.write([0x81, 1, 0x61])
        #expect(pair.run(at: start + .seconds(60)) { pair.client.texts == ["a"] })
        #expect(pair.client.closure == nil)
    }

    @Test func aServerThatIgnoresAllIsFoundOut() throws {
        let pair = try Pair.open()
        pair.server.socket.ignoresIncoming = true
        _ = pair.run(at: start + .seconds(15)) { true }
        pair.client.socket.send(text: "hello?", now: start + .seconds(15))
        #expect(pair.run(at: start + .seconds(25)) { pair.client.closure != nil })
        #expect(pair.client.closure?.error?.step == .keepAlive)
        #expect(pair.run(at: start + .seconds(25)) { pair.server.closure != nil })
        #expect(pair.server.texts == [])
    }

    @Test func aPeerThatTakesNothingEndsTheConnectionAt16MiB() throws {
        let pair = try RawPair.open()
        let message = [UInt8](repeating: 0, count: 4 * 1024 * 1024)
        var count = 0
        while pair.client.socket.send(binary: message, now: start), count < 20 { count += 1 }
        #expect((4..<20).contains(count))
        #expect(pair.run { pair.client.closure != nil })
        #expect(pair.client.closure?.error?.reason == "the peer takes nothing, more than 16 MiB wait for it")
    }

    @Test func nothingIsSentBeforeTheOpening() throws {
        let pair = try RawPair.requested()
        #expect(!pair.client.socket.send(text: "early", now: start))
    }

    @Test func whatIsReadInOneCallIsBoundedAndTheRestIsAnnounced() throws {
        let pair = try Pair.open(tls: Certificates.shared.good)
        let message = [UInt8](repeating: 7, count: 1024 * 1024)
        pair.server.socket.send(binary: message, now: start)
        // Whenever a call left something behind that poll does not show, the deadline has to say so.
        let arrived = eventually { () -> Bool? in
            pair.server.process()
            pair.client.processIfDue()
            return pair.client.events.last == .binary(message) ? true : nil
        }
        #expect(arrived == true)
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func whoFollowsPollAndDeadlineMissesNothing(host: String) throws {
        let listener = try WebSocketListener(host: "127.0.0.1", port: 0, tls: nil)
        let client = Peer(try connect(to: "ws://\(host):\(listener.port)/"))
        var server: Peer?
        let isDone = eventually { () -> Bool? in
            server = server ?? listener.accept(now: start).map(Peer.init)
            client.processIfDue()
            server?.processIfDue()
            if let server, server.request != nil, server.texts.isEmpty, !client.isOpened {
                server.socket.accept(now: start)
            }
            if client.isOpened, client.socket.deadline == start + .seconds(15), server?.texts == [] {
                client.socket.send(text: "all", now: start)
                client.socket.close(code: 1000, reason: "", now: start)
            }
            return client.closure != nil && server?.closure != nil ? true : nil
        }
        #expect(isDone == true)
        #expect(server?.texts == ["all"])
        #expect(client.closure == Closure(code: 1000, isInitiatedByUs: true))
    }

    @Test func anAbandonedConnectionSaysNothingMore() throws {
        let pair = try Pair.open()
        pair.client.socket.abandon()
        pair.client.process()
        #expect(pair.client.closure == nil)
        #expect(pair.client.socket.pollRequest == nil)
        #expect(pair.run { pair.server.closure != nil })
    }
}
