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
        let call = try ControlCall(request, at: path, patience: patience, now: .now)
        while true {
            if let answer = try call.process(at: .now) { return answer }
            var polls = PollSet()
            polls.add(call.descriptor)
            polls.wait(until: call.deadline)
        }
    }
}
