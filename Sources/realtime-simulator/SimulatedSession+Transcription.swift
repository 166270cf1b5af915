// Built-in transcripts: later than the item, and in no order among turns.
extension SimulatedSession {
    /// A swapped transcript whose successor never comes is sent after this time.
    private static let longestSwap = Duration.seconds(5)

    mutating func scheduleTranscription(_ itemID: String) {
        guard session.transcription != nil, !hits(.builtInMissing), !hits(.builtInEarly) else { return }
        let delay =
            setup.faults.value(.builtInLate, turns).map { Duration.milliseconds($0) }
            ?? random.milliseconds(in: setup.timing.builtInMs)
        if hits(.builtInSwapped), swappedItemID == nil {
            swappedItemID = itemID
            agenda.add(.transcribe(itemID: itemID), at: now.advanced(by: SimulatedSession.longestSwap))
        } else {
            agenda.add(.transcribe(itemID: itemID), at: now.advanced(by: delay))
        }
    }

    /// Sends an item's transcript, and after it the one that was waiting for it.
    mutating func transcribe(_ itemID: String) {
        if swappedItemID == itemID { swappedItemID = nil }
        sendTranscript(itemID)
        if let waiting = swappedItemID {
            swappedItemID = nil
            agenda.remove { $0.transcribedItemID == waiting }
            sendTranscript(waiting)
        }
    }

    private mutating func sendTranscript(_ itemID: String) {
        // A deleted item is transcribed all the same; one that is not there yet is the fault built-in-early.
        let item = conversation[itemID]
        let turn = item?.turn ?? turns
        let head: JSON = ["item_id": .string(itemID), "content_index": 0]
        if setup.faults.hits(.builtInFailed, turn) {
            let error: JSON = [
                "type": "server_error", "code": .null, "message": "Input transcription failed for item; please retry.",
                "param": .null,
            ]
            let failed: JSON = ["type": "conversation.item.input_audio_transcription.failed"]
            return send(failed.merging(head).merging(["error": error]))
        }
        let model = session.transcription?["model"]?.text ?? ""
        let transcript = setup.faults.hits(.builtInEmpty, turn) ? "" : item.map(transcript(of:)) ?? ""
        let deltas = model == "whisper-1" ? [transcript] : SpeechPlan.pieces(of: transcript, random: &random)
        for delta in deltas {
            let event: JSON = ["type": "conversation.item.input_audio_transcription.delta"]
            let padding = random.characters(Int.random(in: 1...12, using: &random))
            send(event.merging(head).merging(["delta": .string(delta), "obfuscation": .string(padding)]))
        }
        let usage = UsageMeter.transcription(
            model: model, prompt: session.transcription?["prompt"]?.text ?? "", audioMs: item?.audioMs ?? 0,
            transcript: transcript)
        let completed: JSON = ["type": "conversation.item.input_audio_transcription.completed"]
        let event = completed.merging(head).merging(["transcript": .string(transcript), "usage": usage])
        send(event)
        if setup.faults.hits(.builtInDuplicate, turn) { send(event) }
        if var item {
            item.value["content"] = [["type": "input_audio", "transcript": .string(transcript)]]
            conversation[itemID] = item
        }
    }
}

extension SimulatedSession.Step {
    fileprivate var transcribedItemID: String? {
        if case .transcribe(let itemID) = self { itemID } else { nil }
    }
}
