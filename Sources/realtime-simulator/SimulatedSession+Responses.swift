// Responses: what they say, and their events from `response.created` to `rate_limits.updated`.
extension SimulatedSession {
    /// Transcript of audio that is no known utterance.
    static let unrecognised = "(unrecognised)"
    /// What a model writes that hears nothing.
    static let invented = "Hello! I am your assistant. How may I help you with your claim, your policy or your home?"

    mutating func createResponse(_ event: JSON) throws(Refusal) {
        guard !session.isTranscription else {
            throw .invalidValue("Responses are not supported in a transcription session.", param: "type")
        }
        let given = event["response"] ?? [:]
        var request = ResponseRequest(
            isOutOfBand: given["conversation"] == "none", instructions: given["instructions"]?.text,
            modality: given["output_modalities"]?.elements.first?.text, voice: given.at("audio", "output", "voice"),
            maxOutputTokens: given["max_output_tokens"], toolChoice: given["tool_choice"],
            metadata: given["metadata"] ?? .null)
        if given["output_modalities"] == [] {
            throw .invalidValue(
                "Invalid value: []. Supported values are: ['audio'] and ['text'].",
                param: "response.output_modalities")
        }
        if let inputs = given["input"]?.elements {
            var context: [Item] = []
            for (index, input) in inputs.enumerated() {
                context.append(try contextItem(input, path: "response.input[\(index)]"))
            }
            request.context = context
        }
        if !request.isOutOfBand, let active = activeResponseID {
            throw Refusal(
                code: "conversation_already_has_active_response",
                message: "Conversation already has an active response in progress: \(active). "
                    + "Wait until the response is finished before creating a new one.", param: nil)
        }
        startResponse(request, eventID: event["event_id"])
    }

    private mutating func contextItem(_ input: JSON, path: String) throws(Refusal) -> Item {
        guard input["type"] == "item_reference" else { return try makeItem(input, path: path) }
        let id = input["id"]?.text ?? ""
        guard let item = conversation[id] else {
            throw Refusal(code: "item_not_found", message: "Item with id not found: \(id)", param: "\(path).id")
        }
        return item
    }

    /// Plans a response and all its events.
    mutating func startResponse(_ request: ResponseRequest, eventID: JSON?) {
        let context = request.context ?? conversation.items
        let asked = lastUserItem(of: context)
        let turn = asked?.turn ?? turns
        if request.isOutOfBand, failOutOfBand(request, turn: turn, eventID: eventID) { return }

        var response = makeResponse(request, context: context, asked: asked, turn: turn)
        if !request.isOutOfBand { activeResponseID = response.id }
        if !request.isOutOfBand, hits(.invalidJSON) { outputs.append(.frame("{\"type\":\"response.created\",")) }
        if let failure = plannedFailure(request, turn: turn) {
            response.parts = []
            response.plannedDetails = ["type": "failed", "error": failure]
            response.isAnnounced = !request.isOutOfBand && hits(.responseFailedWithoutCreated)
        }
        responses[response.id] = response
        let created = now.advanced(by: random.milliseconds(in: setup.timing.createdMs))
        agenda.add(.announce(response.id), at: created)
        if !request.isOutOfBand, hits(.cancelledEarly) {
            return agenda.add(.cancel(response.id), at: created.advanced(by: .milliseconds(5)))
        }
        schedule(response, from: created.advanced(by: random.milliseconds(in: setup.timing.firstDeltaMs)))
    }

    private mutating func makeResponse(
        _ request: ResponseRequest, context: [Item], asked: Item?, turn: Int
    ) -> Response {
        let isAudio = (request.modality ?? session.value["output_modalities"]?.elements.first?.text) != "text"
        var speech = speech(about: asked, isAudio: isAudio, isOutOfBand: request.isOutOfBand)
        if request.metadata["purpose"] == "task" {
            speech = SampleLibrary.Speech(text: taskText(request, context: context, turn: turn), samples: [])
        } else if request.isOutOfBand, !isAudio, setup.faults.hits(.oobInvented, turn) {
            speech = SampleLibrary.Speech(text: SimulatedSession.invented, samples: [])
        }
        let instructions = request.instructions ?? session.instructions
        var response = Response(
            id: random.identifier("resp"), isOutOfBand: request.isOutOfBand, isAudio: isAudio,
            maxOutputTokens: request.maxOutputTokens ?? session.value["max_output_tokens"] ?? "inf",
            voice: request.voice ?? session.value.at("audio", "output", "voice") ?? "alloy",
            metadata: request.metadata, conversationID: request.isOutOfBand ? .null : .string(conversation.id),
            turn: turn,
            inputTokens: meter.input(context: context, instructions: instructions, isOutOfBand: request.isOutOfBand),
            parts: [])
        var share = 1.0
        if let limit = response.maxOutputTokens.integer {
            let audioMs = isAudio ? AudioTime.ms(frames: speech.samples.count) : 0
            let wanted = UsageMeter.tokens(text: speech.text) + UsageMeter.tokens(assistantMs: audioMs)
            share = wanted > limit ? Double(limit) / Double(wanted) : 1
        }
        if !request.isOutOfBand, hits(.cancelledLate) {
            response.plannedDetails = ["type": "cancelled", "reason": "turn_detected"]
        }
        if !request.isOutOfBand, hits(.responseIncomplete) { share = min(share, 0.5) }
        if share < 1 { response.plannedDetails = ["type": "incomplete", "reason": "max_output_tokens"] }
        if request.isOutOfBand, setup.faults.hits(.oobEmpty, turn) { return response }
        let calls = toolCalls(request, context: context)
        if !calls.isEmpty {
            // Half of the words as a preamble, for those who speak first.
            let preamble = hits(.callAfterAudio) ? parts(of: speech, share: 0.5, count: 1, isAudio: isAudio) : []
            response.parts = preamble + calls
            return response
        }
        let pieces = !request.isOutOfBand && isAudio && hits(.twoAudioItems) ? 2 : 1
        response.parts = parts(of: speech, share: share, count: pieces, isAudio: isAudio)
        return response
    }

    /// The items of an answer: `count` of them, with the first `share` of its words and its audio.
    private mutating func parts(
        of speech: SampleLibrary.Speech, share: Double, count: Int, isAudio: Bool
    ) -> [Response.Part] {
        let words = speech.text.split(separator: " ")
        let heard = words.prefix(Int((Double(words.count) * share).rounded(.down)))
        let frames = isAudio ? Int(Double(speech.samples.count) * share) : 0
        return (0..<count).map { index in
            let from = heard.count * index / count, to = heard.count * (index + 1) / count
            let text = share == 1 && count == 1 ? speech.text : heard[from..<to].joined(separator: " ")
            let audio = speech.samples[frames * index / count..<frames * (index + 1) / count]
            return Response.Part(itemID: random.identifier("item"), text: text, samples: Array(audio))
        }
    }

    private func lastUserItem(of context: [Item]) -> Item? {
        // References may come in any order; the newest turn is meant.
        let order = conversation.items.map(\.id)
        let referenced = context.filter { $0.isUser && order.contains($0.id) }
        let newest = referenced.max { (order.firstIndex(of: $0.id) ?? 0) < (order.firstIndex(of: $1.id) ?? 0) }
        return context.last { $0.isUser && !order.contains($0.id) } ?? newest
    }

    /// What is said: the transcript of the user's item when text is asked for out of band, else the answer to it.
    private func speech(about item: Item?, isAudio: Bool, isOutOfBand: Bool) -> SampleLibrary.Speech {
        if isOutOfBand, !isAudio {
            return SampleLibrary.Speech(text: item.map(transcript(of:)) ?? "", samples: [])
        }
        if setup.echoesAudio, let item, !item.audio.isEmpty {
            return SampleLibrary.Speech(text: transcript(of: item), samples: item.audio)
        }
        let utterances = setup.library.utterances
        var answers = item?.heard?.matches.map { utterances[$0.utterance].answer } ?? []
        if answers.isEmpty, let text = item?.text {
            answers = utterances.filter { $0.speech.text == text }.map(\.answer)
        }
        guard !answers.isEmpty else { return setup.library.fallback }
        return SampleLibrary.Speech(
            text: answers.map(\.text).joined(separator: " "), samples: answers.flatMap(\.samples))
    }

    /// What was said in a user item: the utterances in order, nothing for silence, a mark for anything else.
    func transcript(of item: Item) -> String {
        guard let heard = item.heard else { return item.text }
        if heard.isSilent { return "" }
        if heard.matches.isEmpty { return SimulatedSession.unrecognised }
        return heard.matches.map { setup.library.utterances[$0.utterance].speech.text }.joined(separator: " ")
    }

    /// The answer to an out-of-band task: what the visitor said, as text or as JSON.
    private func taskText(_ request: ResponseRequest, context: [Item], turn: Int) -> String {
        let said = context.filter(\.isUser).map(transcript(of:))
        guard request.instructions?.contains("JSON") == true else { return said.joined(separator: " ") }
        let value: JSON = ["said": .array(said.map { .string($0) }), "turns": .integer(said.count)]
        return (setup.faults.hits(.taskInProse, turn) ? "Certainly! Here it is: " : "") + value.line
    }

    // MARK: Faults

    /// Whether the out-of-band request is never to become a response.
    private mutating func failOutOfBand(_ request: ResponseRequest, turn: Int, eventID: JSON?) -> Bool {
        if setup.faults.hits(.oobMissing, turn) { return true }
        guard setup.faults.hits(.oobRefused, turn) else { return false }
        let refusal = Refusal(
            type: "server_error", code: nil,
            message: "The server had an error while processing your request.", param: nil)
        sendError(refusal, for: eventID.map { ["event_id": $0] })
        return true
    }

    /// The error with which the response is to end.
    private mutating func plannedFailure(_ request: ResponseRequest, turn: Int) -> JSON? {
        let serverError: JSON = [
            "type": "server_error", "code": "server_error",
            "message": "The server had an error while processing your request.",
        ]
        if !request.isOutOfBand {
            return hits(.responseFailed) || hits(.responseFailedWithoutCreated) ? serverError : nil
        }
        if setup.faults.hits(.oobRateLimited, turn) {
            return [
                "type": "tokens", "code": "rate_limit_exceeded",
                "message": "Rate limit reached for tokens per min (TPM). Please try again in 1.2s.",
            ]
        }
        let failsOnce = setup.faults.hits(.oobFailedOnce, turn) && failedOnce.insert(turn).inserted
        return setup.faults.hits(.oobFailed, turn) || failsOnce ? serverError : nil
    }
}
