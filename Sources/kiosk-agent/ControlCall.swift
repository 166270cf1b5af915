import Glibc
import MonotonicClock

/// One request to the agent and its answer, at the commands' end of the control socket. Never blocks.
final class ControlCall {
    private let path: String
    let descriptor: Int32
    /// When an agent that has not answered is taken for one that hangs.
    let deadline: Instant
    private var received: [UInt8] = []

    /// Connects and asks. Throws when there is no agent.
    init(_ request: ControlRequest, at path: String, patience: Duration, now: Instant) throws(ControlError) {
        self.path = path
        guard let address = UnixAddress(path) else {
            throw ControlError(path, "wanted a socket path of 1 to \(UnixAddress.longestPath) bytes")
        }
        let descriptor = unixSocket()
        guard descriptor >= 0 else { throw ControlError(path, systemText(errno)) }
        self.descriptor = descriptor
        var answerBy = now + patience
        switch request {
        case .hold(let milliseconds): answerBy += .milliseconds(milliseconds)
        case .set: answerBy += ControlRequest.longestChange
        case .levels: answerBy += ControlRequest.levelsLimit
        case .forget: answerBy += ControlRequest.longestForgetting
        case .press, .release, .status: break
        }
        deadline = answerBy

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
    }

    deinit { close(descriptor) }

    /// The answer when it is there; nil while it may come. Throws when the agent refuses, or will not answer.
    func process(at now: Instant) throws(ControlError) -> ControlAnswer? {
        var buffer = [UInt8](repeating: 0, count: longestControlAnswer)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN || errno == EINTR {
            guard now < deadline else { throw ControlError(path, "the agent does not answer") }
            return nil
        }
        guard count > 0 else { throw ControlError(path, "the agent went away without an answer") }
        received += buffer[..<count]
        guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else {
            guard received.count < longestControlAnswer else {
                throw ControlError(path, "no agent: its answer is longer than \(longestControlAnswer) bytes")
            }
            return nil
        }
        let text = String(decoding: received[..<end], as: UTF8.self)
        switch ControlAnswer(line: text) {
        case .error(let words): throw ControlError(path, words)
        case let answer?: return answer
        case nil: throw ControlError(path, "no agent: it answered \"\(text)\"")
        }
    }
}
