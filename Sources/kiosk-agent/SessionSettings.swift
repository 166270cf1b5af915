import Realtime
import Session

extension Settings {
    /// How sessions follow each other, and how much of the conversation they keep.
    struct Session: Sendable, Equatable {
        /// A session this old (s) is followed by a fresh one at the next idle moment, which is told what was said; 16 %
        /// later at the end of a turn. 0: never. At most 3400, default 3000: the server ends a session after an hour.
        var renewAfterS = 3000
        /// Without a turn for so long (s) the next visitor begins a conversation anew. 0 (the default): never. At most
        /// 86400.
        var freshAfterIdleS = 0
        /// Turns that the conversation keeps; older ones are deleted once there are half as many too many. 0 (the
        /// default): all that the server keeps. At most 200.
        var historyTurns = 0
        /// What is deleted for `historyTurns` is summed up by the model first. Default true.
        var summarize = true
        /// When the conversation outgrows the model, the share of its window that the server keeps. 0 to 1; 1 (the
        /// default) leaves it to the server.
        var retentionRatio = 1.0
        /// Most tokens of the conversation behind the instructions. 0 (the default): no other limit than the model's.
        var postInstructionsTokens = 0
    }
}

extension SettingsKeys {
    static let session: [SettingsKey] = [
        integer("session", "renew_after_s", \.session.renewAfterS, 0...3400, unit: " (s)"),
        integer("session", "fresh_after_idle_s", \.session.freshAfterIdleS, 0...86_400, unit: " (s)"),
        integer("session", "history_turns", \.session.historyTurns, 0...200, unit: ""),
        flag("session", "summarize", \.session.summarize),
        number("session", "retention_ratio", \.session.retentionRatio, 0...1),
        integer("session", "post_instructions_tokens", \.session.postInstructionsTokens, 0...1_000_000, unit: ""),
    ]
}

extension SessionConfiguration.Continuity {
    init(_ settings: Settings.Session) {
        self.init(
            renewAfter: settings.renewAfterS > 0 ? .seconds(settings.renewAfterS) : nil,
            freshAfterIdle: settings.freshAfterIdleS > 0 ? .seconds(settings.freshAfterIdleS) : nil,
            turns: settings.historyTurns, summarizes: settings.summarize,
            truncation: SessionUpdate.Truncation(settings))
    }
}

extension SessionUpdate.Truncation {
    /// nil when the server is to do as it does by itself.
    fileprivate init?(_ settings: Settings.Session) {
        guard settings.retentionRatio < 1 || settings.postInstructionsTokens > 0 else { return nil }
        let tokens = settings.postInstructionsTokens
        self = .retentionRatio(settings.retentionRatio, postInstructions: tokens > 0 ? tokens : nil)
    }
}
