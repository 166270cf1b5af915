import MonotonicClock
import Realtime

/// Each event of the server, handed to the machine it concerns.
extension SessionStateMachine {
    mutating func received(_ event: ServerEvent, at now: Instant) -> [Action] {
        noteFirstDelta(event, at: now)
        defer { noteTranscripts(at: now) }
        switch event {
        case .sessionCreated(let session): return linkHandle(.sessionCreated(session), at: now)
        case .sessionUpdated(let session):
            return linkHandle(.sessionUpdated(session), at: now) + reconfigurationHandle(.confirmed, at: now)
        case .error(let error): return failed(error, at: now)
        // The words of a session that is not ours yet, or not any more.
        case _ where link.readySession == nil: return []

        case .speechStarted(let item, let startMs):
            sounds.speechStarted(item, audioStartMs: startMs)
            return speechStarted(item, at: now)
        case .speechStopped(let item, let endMs):
            sounds.speechStopped(item, audioEndMs: endMs)
            return speechStopped(item, at: now)
        case .idleTimeoutTriggered(let item, _, _): return idleTimeout(item, at: now)
        case .inputCommitted(let item, let previous): return committed(item, previous: previous, at: now)
        case .itemAdded(let item, let previous), .itemDone(let item, let previous):
            continuity.items.added(item, previous: previous)
            return item.isUserAudio ? userItemKnown(item.id, at: now) : []
        case .itemDeleted(let item):
            deleted(item)
            return []

        case .builtInTranscriptDelta(let item, _, let delta):
            turns.builtInDelta(delta, of: item)
            return []
        case .builtInTranscriptCompleted(let item, _, let transcript, let usage):
            let stray = countUsage(usage, of: item)
            turns.builtInKnown(.heard(transcript), usage: usage, of: item)
            return stray
        case .builtInTranscriptFailed(let item, _, let error):
            turns.builtInFailed(error.message, of: item)
            return []

        case .responseCreated(let response): return created(response, at: now)
        case .responseDone(let response): return countUsage(of: response) + done(response, at: now)
        case .outputItemAdded(let response, _, let item):
            return answersHandle(answers.item(item, of: response, at: now))
        case .outputItemDone(let response, _, let item):
            return answersHandle(answers.itemDone(item, of: response, at: now))
        case .outputAudioDelta(let part, let audio): return play(audio, of: part, at: now)
        case .outputTextDelta(let part, let delta), .outputTranscriptDelta(let part, let delta):
            if !turns.transcribe(.text(delta: delta), response: part.response, at: now),
                !tasks.handle(.text(delta: delta), response: part.response, at: now) {
                answers.text(delta, of: part, at: now)
            }
            return []
        case .outputTextDone(let part, let text), .outputTranscriptDone(let part, let text):
            if !turns.transcribe(.wholeText(text), response: part.response, at: now),
                !tasks.handle(.wholeText(text), response: part.response, at: now) {
                answers.wholeText(text, of: part, at: now)
            }
            return []

        case .itemRetrieved, .itemTruncated, .inputCleared, .outputAudioDone, .functionCallDone, .rateLimitsUpdated,
            .ignored:
            return []
        }
    }

    mutating func receivedUndecodable(_ words: String) -> [Action] {
        undecodableCount += 1
        guard undecodableCount <= Self.reportedUndecodable else { return [] }
        return [.report(Fault(.server, "a message from the server could not be read: \(words)"))]
    }

    private mutating func userItemKnown(_ item: ItemID, at now: Instant) -> [Action] {
        guard let (turn, attempt) = turns.itemKnown(item, at: now) else { return [] }
        return requestTranscript(attempt, of: turn)
    }

    private mutating func created(_ response: Response, at now: Instant) -> [Action] {
        if response.isTranscription {
            turns.transcriptionCreated(response, at: now)
            return []
        }
        if response.metadata["purpose"] == TaskQueue.purpose {
            tasks.created(response, at: now)
            return []
        }
        // Out of band for somebody else's purpose: none of ours.
        guard !response.isOutOfBand else { return [] }
        return answersHandle(answers.created(response.id, at: now))
    }

    private mutating func done(_ response: Response, at now: Instant) -> [Action] {
        if response.isTranscription || turns.isTranscribing(response.id) {
            turns.transcriptionDone(response, at: now)
            return []
        }
        guard !tasks.done(response, at: now), !response.isOutOfBand else { return [] }
        return answersHandle(answers.done(response, at: now))
    }

    /// An `error` event: of the link, of a request of ours, a harmless race, or the server's own.
    private mutating func failed(_ error: APIError, at now: Instant) -> [Action] {
        let actions = linkHandle(.serverError(error), at: now)
        guard link.readySession != nil else { return actions }
        if error.code == APIError.nothingToCancel { return actions + answersHandle(answers.nothingToCancel(at: now)) }
        if let request = error.eventID.flatMap(OwnEventID.init) {
            switch request {
            case .commit: return actions + commitRefused(error.message, at: now)
            case .answer(let turn):
                return actions + answersHandle(answers.refused(error, turn: turn, at: now))
            case .transcription(let turn, let attempt):
                turns.transcriptionRefused(error.message, of: turn, attempt: attempt, at: now)
                return actions
            case .reconfiguration: return actions + reconfigurationHandle(.refused(error.message), at: now)
            case .toolOutput:
                return actions + [.report(Fault(.tool, "the server did not take a tool's output: \(error.message)"))]
            case .task(let run, let attempt):
                tasks.refused(error.message, run: run, attempt: attempt, at: now)
                return actions
            case .history: return actions + historyRefused(error.message)
            case .bookkeeping:
                // Truncate, delete and cancel race with the server's own ends; they never silence the session.
                return actions
            }
        }
        if error.isHarmlessRace { return actions }
        if error.code == "input_audio_buffer_commit_empty" { return actions + commitRefused(error.message, at: now) }
        if error.code == "conversation_already_has_active_response" {
            return actions + answersHandle(answers.refused(error, turn: nil, at: now))
        }
        // Its end follows as a close and is said then.
        if error.code == LinkLoss.expiryCode { return actions }
        return actions + [.report(Fault(.server, "the server reports: \(error.message)"))]
    }
}

/// The server's words on turns.
extension SessionStateMachine {
    private mutating func speechStarted(_ item: ItemID, at now: Instant) -> [Action] {
        guard !configuration.isPushToTalk else { return [] }
        turns.abandonSpeaking("the server never committed it", at: now)
        let turn = turns.begin(configuration: configuration, announcedItem: item, at: now)
        return voiceBegan(turn, at: now) + settleTurns() + show(.speechDetected, of: turn)
    }

    /// Nobody spoke for so long that the server takes the silence for a turn, and answers it.
    private mutating func idleTimeout(_ item: ItemID, at now: Instant) -> [Action] {
        guard !configuration.isPushToTalk, !turns.hasCommitted(item), turns.speaking(item) == nil else { return [] }
        return show(.nobodySpoke, of: turns.timedOut(configuration: configuration, item: item, at: now))
    }

    private mutating func speechStopped(_ item: ItemID, at now: Instant) -> [Action] {
        guard let turn = turns.speaking(item) else { return [] }
        figures.clocks.ended(turn, at: now)
        turns.endSpeaking()
        return bargeInHandle(.ended, at: now) + show(.speechEnded, of: turn)
    }

    /// The server hears somebody speak without end: it is to listen anew.
    mutating func giveUpSpeech(at now: Instant) -> [Action] {
        guard turns.giveUpSpeech(at: now), link.readySession != nil else { return [] }
        return [.send(ClientEvent(.clear, eventID: OwnEventID.bookkeeping.text))]
    }

    private mutating func committed(_ item: ItemID, previous: ItemID?, at now: Instant) -> [Action] {
        // Said twice: the first time counted.
        guard !turns.hasCommitted(item) else { return [] }
        let frames = utterances.committedFrames ?? sounds.frames(of: item)
        let known = utterances.acknowledged() ?? turns.speaking(item)
        let turn = known ?? turns.add(configuration: configuration)
        let request = turns.commit(turn, item: item, at: now)
        turns.measured(turn, frames.flatMap(sounds.sound))
        var actions = shown(display.committed(turn, item: item, previous: previous))
        if configuration.isDictation {
            turns.settleAssistant(turn, as: .none)
        } else if configuration.confirmsBargeIn {
            if !bargeIn.interjections.contains(turn) { actions += answersHandle(answers.want(turn, at: now)) }
        } else if !configuration.isPushToTalk {
            answers.expect(turn, at: now)
        } else if known == nil {
            // The server committed by itself what nobody asked it to answer.
            turns.settleAssistant(turn, as: .none)
        }
        return actions + requestTranscript(request, of: turn)
    }

    /// A commit that the server refused: the turn ends without an item.
    private mutating func commitRefused(_ reason: String, at now: Instant) -> [Action] {
        guard let turn = utterances.acknowledged() else { return [] }
        turns.abandon(turn, reason: reason, at: now)
        return [.report(Fault(.turn, "the server did not take the turn: \(reason)"))]
    }

    mutating func requestTranscript(_ attempt: Int?, of turn: TurnID) -> [Action] {
        guard let attempt, isTranscriptAllowed(attempt, of: turn) else { return [] }
        let request = turns.transcriptionRequest(for: turn, attempt: attempt, configuration: configuration)
        return request.map { [.send($0)] } ?? []
    }
}

/// The ids we give to events whose refusal means something to us.
enum OwnEventID: Equatable {
    case commit(TurnID)
    case answer(TurnID)
    case transcription(TurnID, attempt: Int)
    /// A tool's output.
    case toolOutput
    /// A `session.update` of an open session.
    case reconfiguration
    case task(Int, attempt: Int)
    /// Truncate, delete, cancel.
    case bookkeeping
    /// An item that tells the session of an earlier one.
    case history

    init?(_ text: String) {
        let words = text.split(separator: "-")
        let numbers = words.dropFirst().compactMap { Int($0) }
        switch (words.first, numbers.count) {
        case ("commit", 1): self = .commit(TurnID(rawValue: numbers[0]))
        case ("answer", 1): self = .answer(TurnID(rawValue: numbers[0]))
        case ("transcription", 2): self = .transcription(TurnID(rawValue: numbers[0]), attempt: numbers[1])
        case ("tool", _): self = .toolOutput
        case ("reconfigure", _): self = .reconfiguration
        case ("task", 2): self = .task(numbers[0], attempt: numbers[1])
        case ("bookkeeping", _): self = .bookkeeping
        case ("history", _): self = .history
        default: return nil
        }
    }

    var text: String {
        switch self {
        case .commit(let turn): "commit-\(turn.rawValue)"
        case .answer(let turn): "answer-\(turn.rawValue)"
        case .transcription(let turn, let attempt): "transcription-\(turn.rawValue)-\(attempt)"
        case .toolOutput: "tool"
        case .reconfiguration: "reconfigure"
        case .task(let run, let attempt): "task-\(run)-\(attempt)"
        case .bookkeeping: "bookkeeping"
        case .history: "history"
        }
    }
}

extension Response {
    /// One of our out-of-band transcription requests, by the metadata the server echoes.
    var isTranscription: Bool { metadata["purpose"] == TurnLedger.transcriptionPurpose }
}

extension APIError {
    /// The code of a cancel that found no response being made.
    fileprivate static let nothingToCancel = "response_cancel_not_active"

    /// Ours crossed the server's on the wire (realtime-protocol.md, sections 3.3 and 6.2): nothing is wrong.
    fileprivate var isHarmlessRace: Bool {
        switch code {
        case "item_truncate_invalid_item_id", "item_not_found": true
        case "invalid_value": message.hasPrefix("Audio content of ")
        case nil: message.hasPrefix("Only model output audio messages can be truncated")
        default: false
        }
    }
}
