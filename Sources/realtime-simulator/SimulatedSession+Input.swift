/// What was appended since the last commit, for the report.
struct AppendFigures: Equatable {
    var count = 0
    var bytes = 0
    var firstAtMs: Int?
    var lastAtMs: Int?
}

// The input audio buffer: append, commit, clear, and what voice activity makes of it.
extension SimulatedSession {
    /// The most audio that one append may carry, 15 MiB.
    private static let mostAppendBytes = 15 << 20
    /// Audio that waits for its commit is limited, so that a client that never commits cannot fill the memory: 15 min.
    private static let mostBufferedMs = 15 * 60_000
    /// Without speech, voice activity needs no more than the prefix padding; a second is for a client's own commit.
    private static let keptWithoutSpeechMs = 1_000
    private static let leastCommitMs = 100

    mutating func append(_ event: JSON) throws(Refusal) {
        guard let bytes = PCM.bytes(base64: event["audio"]?.text ?? "") else {
            throw .invalidValue(
                "Invalid 'audio'. Expected base64-encoded audio bytes (mono PCM16 at 24kHz) but got an invalid value.",
                param: "audio")
        }
        guard bytes.count <= SimulatedSession.mostAppendBytes, bytes.count % 2 == 0 else {
            throw .invalidValue(
                "Invalid 'audio'. Expected whole 16-bit samples, at most 15 MiB, but got \(bytes.count) bytes.",
                param: "audio")
        }
        appended.count += 1
        appended.bytes += bytes.count
        appended.lastAtMs = milliseconds(since: openedAt)
        appended.firstAtMs = appended.firstAtMs ?? appended.lastAtMs
        let samples = PCM.samples(littleEndian: bytes)
        input.append(samples)
        listen(to: samples)
        disturbInMidTurn()
    }

    private mutating func listen(to samples: [Int16]) {
        guard var listener = activity else {
            input.keep(newestMs: SimulatedSession.mostBufferedMs)
            return
        }
        let changes = listener.feed(samples)
        activity = listener
        for change in changes {
            switch change {
            case .started(let startMs): speechStarted(startMs: startMs)
            case .stopped(let endMs): speechStopped(endMs: endMs)
            }
        }
        if !listener.isSpeech {
            input.keep(newestMs: listener.settings.prefixPaddingMs + SimulatedSession.keptWithoutSpeechMs)
        }
    }

    // MARK: Idle timeout

    /// Waits for speech, from when a response of this length has been played.
    mutating func idle(afterMs playedMs: Int) {
        stopIdling()
        guard let timeoutMs = session.idleTimeoutMs, speechItemID == nil else { return }
        agenda.add(.idleTimeout, at: now.advanced(by: .milliseconds(playedMs + timeoutMs)))
    }

    mutating func stopIdling() {
        agenda.remove { if case .idleTimeout = $0 { true } else { false } }
    }

    /// Nobody spoke: the silence becomes an item, and is answered.
    mutating func idleTimeout() {
        guard speechItemID == nil, activeResponseID == nil else { return }
        let itemID = random.identifier("item")
        let startMs = AudioTime.ms(frames: input.startFrame), endMs = input.endMs
        send([
            "type": "input_audio_buffer.timeout_triggered", "audio_start_ms": .integer(startMs),
            "audio_end_ms": .integer(endMs), "item_id": .string(itemID),
        ])
        report("idle_timeout", ["item": .string(itemID)])
        activity?.restart()
        commit(input.takeAll(), itemID: itemID)
        if session.createsResponse { startResponse(ResponseRequest(), eventID: nil) }
    }

    private mutating func speechStarted(startMs: Int) {
        stopIdling()
        let itemID = random.identifier("item")
        speechItemID = itemID
        speechStartMs = startMs
        send([
            "type": "input_audio_buffer.speech_started", "audio_start_ms": .integer(startMs),
            "item_id": .string(itemID),
        ])
        if session.interruptsResponse, let id = activeResponseID {
            cancel(id, reason: "turn_detected")
        }
    }

    private mutating func speechStopped(endMs: Int) {
        let itemID = speechItemID ?? random.identifier("item")
        speechItemID = nil
        send([
            "type": "input_audio_buffer.speech_stopped", "audio_end_ms": .integer(endMs), "item_id": .string(itemID),
        ])
        commit(input.take(fromMs: speechStartMs, toMs: endMs), itemID: itemID)
        // A client's own response that still runs keeps the turn without an answer, as on the service.
        if session.createsResponse, activeResponseID == nil {
            startResponse(ResponseRequest(), eventID: nil)
        }
    }

    mutating func commit() throws(Refusal) {
        let frames = input.samples.count
        guard frames >= SimulatedSession.leastCommitMs * AudioTime.framesPerMs else {
            throw emptyCommit(frames: frames)
        }
        let isCrossed = setup.faults.hits(.commitCrossed, turns + 1)
        let isLost = setup.faults.hits(.commitEmpty, turns + 1)
        let itemID = speechItemID ?? random.identifier("item")
        speechItemID = nil
        activity?.restart()
        let audio = input.takeAll()
        if isLost {
            // The turn counts, or the fault would hit the next one, too.
            committedTurns += 1
            appended = AppendFigures()
        } else {
            commit(audio, itemID: itemID)
        }
        if isLost || isCrossed { throw emptyCommit(frames: 0) }
        if hits(.autoResponseRace) { startResponse(ResponseRequest(), eventID: nil) }
    }

    private func emptyCommit(frames: Int) -> Refusal {
        Refusal(
            code: "input_audio_buffer_commit_empty",
            message: "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                + "but buffer only has \(hundredths(of: frames))ms of audio.", param: nil)
    }

    // MARK: The client's own playback

    /// The microphone brings the answer back, and voice activity takes it for the visitor.
    mutating func hearOwnPlayback() {
        guard activity != nil, speechItemID == nil else { return }
        speechStarted(startMs: max(input.endMs - 300, 0))
        agenda.add(.echoEnds, at: now.advanced(by: .milliseconds(600)))
    }

    mutating func ownPlaybackEnds() {
        guard speechItemID != nil else { return }
        activity?.restart()
        speechStopped(endMs: input.endMs)
    }

    /// Frames as milliseconds with two decimals.
    private func hundredths(of frames: Int) -> String {
        let value = frames * 100 / AudioTime.framesPerMs
        let rest = value % 100
        return "\(value / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    mutating func clear() {
        _ = input.takeAll()
        activity?.restart()
        speechItemID = nil
        appended = AppendFigures()
        send(["type": "input_audio_buffer.cleared"])
    }

    private mutating func commit(_ audio: [Int16], itemID: String) {
        committedTurns += 1
        var item = Item(
            id: itemID,
            value: [
                "id": .string(itemID), "type": "message", "status": "completed", "role": "user",
                "content": [["type": "input_audio", "transcript": .null]],
            ])
        item.audio = audio
        item.turn = turns
        item.heard = setup.hearing.listen(to: audio)
        let previous = conversation.lastID
        send(["type": "input_audio_buffer.committed", "previous_item_id": JSON(previous), "item_id": .string(itemID)])
        reportHeard(item)
        conversation.append(item)
        if session.transcription != nil, hits(.builtInEarly) { transcribe(itemID) }
        sendItemAdded(itemID)
        sendItemDone(itemID)
        scheduleTranscription(itemID)
    }

    private mutating func reportHeard(_ item: Item) {
        guard let heard = item.heard else { return }
        report(
            "audio",
            [
                "item": .string(item.id), "turn": .integer(item.turn), "length_ms": .integer(heard.lengthMs),
                "appends": .integer(appended.count), "bytes": .integer(appended.bytes),
                "first_append_ms": JSON(appended.firstAtMs), "last_append_ms": JSON(appended.lastAtMs),
            ])
        appended = AppendFigures()
        for match in heard.matches {
            report(
                "heard",
                [
                    "item": .string(item.id), "turn": .integer(item.turn), "name": .string(match.name),
                    "length_ms": .integer(heard.lengthMs),
                    "start_ms": .integer(match.startFrame / AudioTime.framesPerMs),
                    "head_missing_ms": .integer(match.headMissingMs), "tail_missing_ms": .integer(match.tailMissingMs),
                    "gap_ms": .integer(match.gapMs), "level_dbfs": .number(rounded(match.levelDBFS, 1)),
                    "correlation": .number(rounded(match.correlation, 3)),
                ],
                console: "heard \(item.id) \"\(match.name)\" length_ms=\(heard.lengthMs) "
                    + "head_missing_ms=\(match.headMissingMs) tail_missing_ms=\(match.tailMissingMs) "
                    + "gap_ms=\(match.gapMs) level_dbfs=\(rounded(match.levelDBFS, 1)) "
                    + "correlation=\(rounded(match.correlation, 3))")
        }
        if heard.matches.isEmpty {
            let level = rounded(heard.levelDBFS, 1)
            report(
                "unrecognised",
                [
                    "item": .string(item.id), "turn": .integer(item.turn), "length_ms": .integer(heard.lengthMs),
                    "level_dbfs": .number(level),
                ], console: "heard \(item.id) unrecognised length_ms=\(heard.lengthMs) level_dbfs=\(level)")
        }
    }

    private func rounded(_ value: Double, _ decimals: Int) -> Double {
        let scale = decimals == 1 ? 10.0 : 1_000.0
        return (value * scale).rounded() / scale
    }

    private mutating func disturbInMidTurn() {
        let pauseMs = pausedTurn == turns + 1 ? nil : setup.faults.value(.slowReader, turns + 1)
        let isDropped = setup.faults.hits(.dropMidTurn, turns + 1)
        guard isDropped || pauseMs != nil else { return }
        let spokenMs =
            activity == nil
            ? AudioTime.ms(frames: input.samples.count)
            : speechItemID == nil ? 0 : input.endMs - speechStartMs
        guard spokenMs >= 500 else { return }
        if let pauseMs {
            pausedTurn = turns + 1
            outputs.append(.pauseReading(.milliseconds(pauseMs)))
        }
        guard isDropped else { return }
        // The turn counts, or the fault would hit it again when it is said again.
        committedTurns += 1
        outputs.append(.drop)
    }
}
