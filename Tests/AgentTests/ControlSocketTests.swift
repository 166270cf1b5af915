import Foundation
import Glibc
import Journal
import Testing

@testable import kiosk_agent

@Suite struct ControlSocketTests {
    let folder: TemporaryFolder
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/run/control.sock"
    }

    // MARK: - A client by hand, in the same thread

    private func connect() throws -> Int32 {
        let descriptor = unixSocket()
        let address = try #require(UnixAddress(path))
        try #require(address.withSocketAddress { Glibc.connect(descriptor, $0, $1) } == 0)
        return descriptor
    }

    private func send(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        #expect(Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// What has arrived, nil at the end of the connection.
    private func received(_ descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    private func isReadable(_ descriptor: Int32) -> Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, 0) == 1
    }

    /// Once to accept, once to read.
    private func process(_ control: ControlSocket) -> [ControlSocket.Request] { control.process() + control.process() }

    // MARK: - Requests and answers

    @Test(arguments: [
        ("button press", ControlRequest.press), ("button release", .release),
        ("status", .status), ("levels", .levels),
        ("session set turns.detection=server-vad", .set(["turns.detection=server-vad"])),
        ("session set a.b=1 c.d=x", .set(["a.b=1", "c.d=x"])),
        ("journal forget before 1795256102123", .forget(.before(1_795_256_102_123))),
        ("journal forget turn sess_1/x/3", .forget(.turn(session: "sess_1/x", number: 3))),
        ("button hold 0", .hold(milliseconds: 0)), ("button hold 600000", .hold(milliseconds: 600_000)),
    ])
    func aRequestIsHandedOnAndAnsweredAndTheConnectionClosed(line: String, request: ControlRequest) throws {
        let control = try ControlSocket(path: path)
        let client = try connect()
        defer { close(client) }
        send(line + "\n", to: client)
        let requests = process(control)
        #expect(requests.map(\.body) == [request])
        #expect(!isReadable(client))
        control.respond(try #require(requests.first).id, "ok")
        #expect(received(client) == "ok\n")
        #expect(received(client) == nil)
        #expect(control.pollRequests.count == 1)
        #expect(request.line == line)
    }

    @Test(arguments: [
        "", "button", "button  press", "button press ", "button PRESS", "button hold", "button hold -1",
        "button hold 600001", "button hold 99999999999999999999", "button hold 1 2", "button hold 1.5",
        "\u{1B}[2J", "ok", "status now", "STATUS", "session", "session set", "session set ", "session set a", "session get a=b",
        "session set a=b  c=d",
    ])
    func whatIsNoRequestIsRefusedInOneLine(line: String) throws {
        let control = try ControlSocket(path: path)
        let client = try connect()
        defer { close(client) }
        send(line + "\n", to: client)
        #expect(process(control).isEmpty)
        #expect(received(client)
            == "error: wanted \"button press\", \"button release\", \"button hold MS\" (0 to 600000), \"status\", \"levels\", "
                + "\"session set KEY=VALUE ...\" or \"journal forget before MS | turn SESSION/N\"\n")
        #expect(received(client) == nil)
    }

    @Test func aRequestMayArriveInPieces() throws {
        let control = try ControlSocket(path: path)
        let client = try connect()
        defer { close(client) }
        for piece in ["but", "ton pr", "ess"] {
            send(piece, to: client)
            #expect(process(control).isEmpty)
        }
        send("\nbutton release\n", to: client)
        #expect(control.process().map(\.body) == [.press])
        #expect(control.process().isEmpty)
    }

    @Test(arguments: [(1023, false), (1024, true), (4000, true)])
    func aLineTooLongIsRefusedBeforeItEnds(bytes: Int, isRefused: Bool) throws {
        let control = try ControlSocket(path: path)
        let client = try connect()
        defer { close(client) }
        send(String(repeating: "x", count: bytes), to: client)
        #expect(process(control).isEmpty)
        #expect(isReadable(client) == isRefused)
        if isRefused { #expect(received(client) == "error: line too long: wanted at most 1024 bytes\n") }
    }

    @Test func aClientThatLeavesIsForgottenAndItsAnswerLost() throws {
        let control = try ControlSocket(path: path)
        let client = try connect()
        send("button hold 500\n", to: client)
        let request = try #require(process(control).first)
        close(client)
        #expect(control.process().isEmpty)
        #expect(control.pollRequests.count == 1)
        control.respond(request.id, "ok")
        let silent = try connect()
        #expect(process(control).isEmpty)
        close(silent)
        #expect(control.process().isEmpty)
        #expect(control.pollRequests.count == 1)
    }

    @Test func aClientThatOnlyStopsSendingStillGetsItsAnswer() throws {
        let control = try ControlSocket(path: path)
        let client = try connect()
        defer { close(client) }
        send("button press\n", to: client)
        shutdown(client, Int32(SHUT_WR))
        let request = try #require(process(control).first)
        #expect(control.process().isEmpty)
        control.respond(request.id, "ok")
        #expect(received(client) == "ok\n")
    }

    @Test func aNewClientTakesTheSilentOnesPlaceButNotAWaitingOnes() throws {
        let control = try ControlSocket(path: path)
        let waiting = try (1..<ControlSocket.clientLimit).map { _ in try connect() }
        for client in waiting { send("button press\n", to: client) }
        let silent = try connect()
        #expect(process(control).count == waiting.count)

        let next = try connect()
        send("button release\n", to: next)
        #expect(process(control).map(\.body) == [.release])
        #expect(received(silent) == "error: too many clients, and this one asked for nothing\n")

        let last = try connect()
        #expect(process(control).isEmpty)
        #expect(received(last) == "error: too many clients\n")
        #expect(control.pollRequests.count == 1 + ControlSocket.clientLimit)
        for client in waiting + [silent, next, last] { close(client) }
    }

    @Test func requestsOfManyClientsAreAnsweredEachToItsOwn() throws {
        let control = try ControlSocket(path: path)
        let clients = try (0..<4).map { _ in try connect() }
        defer { clients.forEach { close($0) } }
        for (index, client) in clients.enumerated() { send("button hold \(index)\n", to: client) }
        let requests = process(control)
        for request in requests.reversed() { control.respond(request.id, ControlAnswer.error(request.body.line).line) }
        #expect(clients.map(received) == (0..<4).map { "error: button hold \($0)\n" })
    }

    // MARK: - The socket file

    @Test func theSocketIsForOwnerAndGroupAndItsFolderIsMade() throws {
        let control = try ControlSocket(path: path)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
        #expect(control.pollRequests.count == 1)
    }

    @Test func closingRemovesTheSocketOnce() throws {
        let control = try ControlSocket(path: path)
        control.close()
        #expect(access(path, F_OK) != 0)
        #expect(control.pollRequests.isEmpty)
        let next = try ControlSocket(path: path)
        control.close()
        #expect(control.process().isEmpty)
        #expect(access(path, F_OK) == 0)
        next.close()
        #expect(access(path, F_OK) != 0)
    }

    @Test func aSocketThatIsNotOursIsLeftAlone() throws {
        let control = try ControlSocket(path: path)
        unlink(path)
        try folder.write("other", to: "run/control.sock")
        control.close()
        #expect(access(path, F_OK) == 0)
    }

    @Test func aSocketLeftByACrashIsReplaced() throws {
        mkdir(folder.path + "/run", 0o755)
        let dead = unixSocket()
        #expect(try #require(UnixAddress(path)).withSocketAddress { bind(dead, $0, $1) } == 0)
        close(dead)
        let control = try ControlSocket(path: path)
        let client = try connect()
        send("button press\n", to: client)
        #expect(process(control).count == 1)
        close(client)
    }

    @Test func aSecondAgentIsToldAndTheFirstKeepsItsSocket() throws {
        let control = try ControlSocket(path: path)
        #expect(folder.errorLine { _ = try ControlSocket(path: path) }
            == "DIR/run/control.sock: another agent is running")
        let client = try connect()
        send("button press\n", to: client)
        #expect(process(control).count == 1)
        close(client)
    }

    @Test func placesWhereNoSocketCanBeAreNamed() throws {
        try folder.write("text", to: "file")
        #expect(folder.errorLine { _ = try ControlSocket(path: folder.path + "/file") }
            == "DIR/file: a file that is no socket is in the way")
        #expect(folder.errorLine { _ = try ControlSocket(path: folder.path + "/file/x/sock") }
            == "DIR/file/x: Not a directory")
        let long = String(repeating: "s", count: 108)
        #expect(folder.errorLine { _ = try ControlSocket(path: long) }
            == "\(long): wanted a socket path of 1 to 107 bytes")
        #expect(folder.errorLine { _ = try ControlSocket(path: "") } == ": wanted a socket path of 1 to 107 bytes")
    }

    // MARK: - With the real client

    /// Serves until `count` requests are answered, waiting by poll(2), at most 5 s for each.
    private func serve(_ control: ControlSocket, count: Int, _ answer: String) -> [ControlRequest] {
        var served: [ControlRequest] = []
        while served.count < count {
            var ready = control.pollRequests
            guard poll(&ready, nfds_t(ready.count), 5000) > 0 else { break }
            for request in control.process() {
                served.append(request.body)
                control.respond(request.id, answer)
            }
        }
        return served
    }

    /// The command's requests, one after the other, on a thread of their own; the first error's line, or "done".
    private func perform(_ requests: ControlRequest...) -> () -> String? {
        let path = path
        return onThread {
            do throws(ControlError) {
                for request in requests { try ControlClient.perform(request, at: path) }
            } catch {
                return error.description
            }
            return "done"
        }
    }

    @Test func theButtonCommandsClientIsAnswered() throws {
        let control = try ControlSocket(path: path)
        let client = perform(.press, .hold(milliseconds: 20))
        #expect(serve(control, count: 2, "ok") == [.press, .hold(milliseconds: 20)])
        #expect(client() == "done")
    }

    @Test func aLongAnswerReachesTheCommandWhole() throws {
        let control = try ControlSocket(path: path)
        let json = "{\"state\":\"" + String(repeating: "x", count: 12_000) + "\"}"
        let path = path
        let client = onThread { try? ControlClient.ask(.status, at: path) }
        #expect(serve(control, count: 1, json) == [.status])
        #expect(client() == .report(json))
    }

    @Test func theAgentsRefusalReachesTheCommand() throws {
        let control = try ControlSocket(path: path)
        let client = perform(.release)
        #expect(serve(control, count: 1, "error: not now") == [.release])
        #expect(client() == path + ": not now")
    }

    @Test func withoutAnAgentTheCommandSaysSo() throws {
        #expect(folder.errorLine { try ControlClient.perform(.press, at: path) }
            == "DIR/run/control.sock: no agent answers: No such file or directory")
        mkdir(folder.path + "/run", 0o755)
        let dead = unixSocket()
        #expect(try #require(UnixAddress(path)).withSocketAddress { bind(dead, $0, $1) } == 0)
        close(dead)
        #expect(folder.errorLine { try ControlClient.perform(.press, at: path) }
            == "DIR/run/control.sock: no agent answers: Connection refused")
    }

    @Test func anAgentThatHangsOrLeavesIsReported() throws {
        var control: ControlSocket? = try ControlSocket(path: path)
        #expect(folder.errorLine { try ControlClient.perform(.press, at: path, patience: .milliseconds(20)) }
            == "DIR/run/control.sock: the agent does not answer")
        // The backlog's connection is closed with its listener.
        control = nil
        #expect(control == nil)
        #expect(folder.errorLine { try ControlClient.perform(.press, at: path) }.contains("no agent answers"))
    }
}
