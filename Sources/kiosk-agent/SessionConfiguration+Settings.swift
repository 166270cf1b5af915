import Realtime
import Session

extension SessionConfiguration {
    /// The operator's settings in the machines' terms: frames for milliseconds.
    init(_ settings: Settings) {
        let turns = settings.turns
        let isDictation = settings.realtime.mode == .dictation
        // Where nobody can be heard over the assistant there is nothing to confirm.
        let bargeInConfirmMs = turns.microphoneWhileSpeaking == .muted ? 0 : turns.bargeInConfirmMs
        // Until a voice is confirmed the server must leave the answer alone.
        let isServerToAnswer = !isDictation && bargeInConfirmMs == 0
        let detection: Detection = switch turns.detection {
        case .pushToTalk:
            .pushToTalk(
                preRollFrames: turns.preRollMs * sessionRate / 1000, tailFrames: turns.tailMs * sessionRate / 1000)
        case .serverVAD:
            .server(.serverVAD(
                threshold: turns.vadThreshold, prefixPaddingMs: turns.vadPrefixPaddingMs,
                silenceDurationMs: turns.vadSilenceMs, createResponse: isServerToAnswer,
                interruptResponse: isServerToAnswer))
        case .semanticVAD:
            .server(.semanticVAD(createResponse: isServerToAnswer, interruptResponse: isServerToAnswer))
        }
        self.init(
            model: settings.realtime.model, voice: settings.realtime.voice,
            instructions: settings.realtime.instructions, detection: detection,
            microphoneWhileSpeaking: turns.microphoneWhileSpeaking == .muted ? .muted : .open,
            outOfBand: isDictation ? .off : OutOfBand(settings.transcription.outOfBand),
            transcriptionInstructions: settings.transcription.instructions,
            transcriptionTokens: settings.transcription.maxOutputTokens,
            builtInModel: settings.transcription.builtInModel, tasks: settings.tasks.map(OutOfBandTask.init),
            promptFrames: settings.prompts.recordings.frames,
            budget: Budget(
                dailyUSD: settings.budget.dailyUSD > 0 ? settings.budget.dailyUSD : nil,
                outOfBandUntil: settings.budget.outOfBandUntil),
            tools: settings.tools.map { tool in
                SessionTool(
                    name: tool.name, description: tool.description, parameters: tool.parameters,
                    limit: .milliseconds(tool.timeoutMs))
            },
            storedPrompt: settings.realtime.storedPrompt)
        self.isDictation = isDictation
        self.bargeInConfirmMs = bargeInConfirmMs
        continuity = Continuity(settings.session)
        isSpooling = settings.spool.directory != nil
    }
}
