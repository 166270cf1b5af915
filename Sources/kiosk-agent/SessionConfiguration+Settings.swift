import Realtime
import Session

extension SessionConfiguration {
    /// The operator's settings in the machines' terms: frames for milliseconds.
    init(_ settings: Settings) {
        let turns = settings.turns
        let isDictation = settings.realtime.mode == .dictation
        self.init(
            model: settings.realtime.model, voice: settings.realtime.voice,
            instructions: settings.realtime.instructions, detection: Detection(settings),
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
        bargeInConfirmMs = settings.confirmMs
        continuity = Continuity(settings.session)
        noiseReduction = settings.audio.noiseReduction.map { SessionUpdate.NoiseReduction($0) }
        isSpooling = settings.spool.directory != nil
    }
}
