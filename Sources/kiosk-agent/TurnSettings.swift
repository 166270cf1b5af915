import Realtime
import Session

extension Settings {
    /// How soon semantic VAD takes a pause for the end of a turn.
    typealias Eagerness = TurnDetection.Eagerness
    /// Where the microphone stands whose noise the server takes off.
    typealias NoiseReduction = SessionUpdate.NoiseReduction.Field
}

extension SettingsKeys {
    /// Keys that a session can be told while it is open, one by one: `kiosk-agent session set`.
    static let changeable = [
        "turns.detection", "turns.pre_roll_ms", "turns.tail_ms", "turns.vad_threshold", "turns.vad_prefix_padding_ms",
        "turns.vad_silence_ms", "turns.vad_idle_timeout_ms", "turns.vad_eagerness", "audio.noise_reduction",
        "transcription.built_in_model",
    ]

    /// 0, or a range that does not hold it.
    static func integerOrOff(
        _ section: String, _ name: String, _ field: any Field<Int>, _ range: ClosedRange<Int>
    ) -> SettingsKey {
        let wanted = "\(range.lowerBound) to \(range.upperBound) (ms), or 0 for off"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .integer(let integer) = value, integer == 0 || range.contains(integer) else { return false }
            settings[keyPath: field] = integer
            return true
        }
    }
}

extension Settings {
    /// These settings with `section.key=value`s that an open session can be told. Throws the first thing that is wrong.
    func changed(by assignments: [String]) throws(SettingsError) -> Settings {
        var reader = SettingsReader(changing: self)
        do throws(SettingsError) {
            for assignment in assignments {
                let key = String(assignment.prefix { $0 != "=" })
                guard SettingsKeys.changeable.contains(key) else {
                    throw SettingsError("\(key): wanted \(SettingsKeys.changeable.joined(separator: ", "))")
                }
                guard !assignment.contains(where: \.isWhitespace) else {
                    throw SettingsError("\(key): wanted a value without spaces")
                }
                try reader.read(override: assignment)
            }
            try reader.checkTogether()
        } catch {
            // Here they are no options of a command.
            let words = error.description
            throw SettingsError(words.hasPrefix("--set ") ? String(words.dropFirst(6)) : words)
        }
        return reader.settings
    }

    /// Whether the microphone needs the echo canceller. Push-to-talk silences the assistant first, and would only get
    /// its frames later.
    var cancelsEcho: Bool { turns.microphoneWhileSpeaking == .echoCancelled && turns.detection != .pushToTalk }
}

extension Settings {
    /// How long a voice over the assistant's must last; where nobody can be heard over it there is nothing to confirm.
    var confirmMs: Int { turns.microphoneWhileSpeaking == .muted ? 0 : turns.bargeInConfirmMs }
}

extension SessionConfiguration.Detection {
    init(_ settings: Settings) {
        let turns = settings.turns
        let isConversation = settings.realtime.mode == .conversation
        // Until a voice is confirmed the server must leave the answer alone.
        let isServerToAnswer = isConversation && settings.confirmMs == 0
        self = switch turns.detection {
        case .pushToTalk:
            .pushToTalk(
                preRollFrames: turns.preRollMs * sessionRate / 1000, tailFrames: turns.tailMs * sessionRate / 1000)
        case .serverVAD:
            .server(.serverVAD(
                threshold: turns.vadThreshold, prefixPaddingMs: turns.vadPrefixPaddingMs,
                silenceDurationMs: turns.vadSilenceMs,
                // Nobody is answered in dictation.
                idleTimeoutMs: turns.vadIdleTimeoutMs > 0 && isConversation ? turns.vadIdleTimeoutMs : nil,
                createResponse: isServerToAnswer, interruptResponse: isServerToAnswer))
        case .semanticVAD:
            .server(.semanticVAD(
                eagerness: turns.vadEagerness, createResponse: isServerToAnswer, interruptResponse: isServerToAnswer))
        }
    }

    /// As the settings name it.
    var word: String {
        switch self {
        case .pushToTalk: "push-to-talk"
        case .server(.serverVAD): "server-vad"
        case .server(.semanticVAD): "semantic-vad"
        }
    }
}
