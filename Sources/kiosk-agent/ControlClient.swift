import Glibc
import MonotonicClock

/// The commands' end of the control socket: sends one request, waits for its answer. Blocks.
enum ControlClient {
    /// How long the agent may take beyond what was asked for; it acts within milliseconds, so this means it hangs.
    static let patience = Duration.seconds(5)

    /// Returns when the agent has acted. Throws when there is no agent, when it refuses, or when it does not answer
    /// within the time of the request plus `patience`.
    static func perform(
        _ request: ControlRequest, at path: String, patience: Duration = patience
    ) throws(ControlError) {
        let answer = try ask(request, at: path, patience: patience)
        guard answer == .ok else { throw ControlError(path, "no agent: it answered \"\(answer.line)\"") }
    }

    /// What the agent answers when it has acted; throws as `perform` does.
    static func ask(
        _ request: ControlRequest, at path: String, patience: Duration = patience
    ) throws(ControlError) -> ControlAnswer {
        guard let address = UnixAddress(path) else {
            throw ControlError(path, "wanted a socket path of 1 to \(UnixAddress.longestPath) bytes")
        }
        let deadline = Instant.now + patience
        let descriptor = unixSocket()
        guard descriptor >= 0 else { throw ControlError(path, systemText(errno)) }
        defer { close(descriptor) }

        let connected = address.withSocketAddress { connect(descriptor, $0, $1) == 0 ? 0 : errno }
        switch connected {
        case 0: break
        case EAGAIN: throw ControlError(path, "the agent is busy with too many clients")
        default: throw ControlError(path, "no agent answers: \(systemText(connected))")
        }
        let line = Array((request.line + "\n").utf8)
        guard send(descriptor, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else {
            throw ControlError(path, "the agent went away: \(systemText(errno))")
        }
        var answerBy = deadline
        switch request {
        case .hold(let milliseconds): answerBy += .milliseconds(milliseconds)
        case .set: answerBy += ControlRequest.longestChange
        case .forget: answerBy += ControlRequest.longestForgetting
        case .press, .release, .status: break
        }
        let text = try readLine(descriptor, until: answerBy, path)
        switch ControlAnswer(line: text) {
        case .error(let words): throw ControlError(path, words)
        case let answer?: return answer
        case nil: throw ControlError(path, "no agent: it answered \"\(text)\"")
        }
    }

    private static func readLine(
        _ descriptor: Int32, until deadline: Instant, _ path: String
    ) throws(ControlError) -> String {
        var received: [UInt8] = []
        while received.count < longestControlAnswer {
            let left = Instant.now.duration(to: deadline)
            guard left > .zero else { throw ControlError(path, "the agent does not answer") }
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // At most 605 s, so it fits; one more millisecond so that the last round does not spin.
            guard poll(&wait, 1, Int32(left / .milliseconds(1)) + 1) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: longestControlAnswer)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { throw ControlError(path, "the agent went away without an answer") }
            received += buffer[..<count]
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                return String(decoding: received[..<end], as: UTF8.self)
            }
        }
        throw ControlError(path, "no agent: its answer is longer than \(longestControlAnswer) bytes")
    }
}
