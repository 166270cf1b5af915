import Session

/// A status in Prometheus' text format: names and units by its conventions.
enum Metrics {
    static func text(_ status: StatusReport) -> String {
        var text = ""
        func add(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: Double)]) {
            guard !samples.isEmpty else { return }
            text += "# HELP kiosk_agent_\(name) \(help)\n# TYPE kiosk_agent_\(name) \(type)\n"
            for sample in samples { text += "kiosk_agent_\(name)\(sample.labels) \(number(sample.value))\n" }
        }
        func gauge(_ name: String, _ help: String, _ value: Double) { add(name, "gauge", help, [("", value)]) }

        gauge("uptime_seconds", "Since the agent was started.", Double(status.uptimeS))
        add("state", "gauge", "1 for what the visitor sees now.", Indicator.allCases.map {
            (labels(("state", $0.word)), $0.word == status.state ? 1 : 0)
        })
        gauge("link_up", "Whether a session is ready.", status.link == "ready" ? 1 : 0)
        gauge("session_age_seconds", "Of the session that is open; 0 without one.", Double(status.session?.ageS ?? 0))
        gauge("turns_open", "Turns that have not settled.", Double(status.turns.open))
        gauge("turns_today", "Turns settled today, UTC.", Double(status.turns.today))
        if let last = status.lastTurn { gauge("last_turn_age_seconds", "Since a turn settled.", Double(last.agoS)) }
        add("turn_latency_seconds", "gauge", "From the end of speech, over the last 1000 turns.", latencies(status))
        let today = status.cost.today
        add("cost_today_usd", "gauge", "Spent today, UTC, in US dollars.", [
            ("assistant", today.assistant), ("realtime_transcript", today.realtimeTranscript),
            ("built_in_transcript", today.builtInTranscript), ("other", today.other),
        ].map { (labels(("part", $0.0)), $0.1) })
        if let budget = status.budget { gauge("budget_usd", "What may be spent in a day.", budget.dailyUSD) }
        let faults = status.faults.byClass.sorted { $0.key < $1.key }
        add("faults_total", "counter", "Since the agent was started.", faults.map {
            (labels(("class", $0.key)), Double($0.value))
        })
        let devices = [("capture", status.devices.capture), ("playback", status.devices.playback)]
        add("audio_device_up", "gauge", "Whether the sound device is there.", devices.map {
            (labels(("direction", $0.0), ("device", $0.1.name)), $0.1.isMissing ? 0 : 1)
        })
        add("audio_interruptions_total", "counter", "Xruns, stalls and losses.", devices.map {
            (labels(("direction", $0.0)), Double($0.1.interruptions))
        })
        add("audio_interrupted_seconds_total", "counter", "How long sound was missing.", devices.map {
            (labels(("direction", $0.0)), Double($0.1.interruptedMs) / 1000)
        })
        if let disk = status.disk {
            gauge("journal_refused", "Whether entries wait for the disk.", disk.isRefusing ? 1 : 0)
            if let free = disk.freeBytes { gauge("journal_free_bytes", "Of the journal's disk.", Double(free)) }
        }
        return text
    }

    private static func latencies(_ status: StatusReport) -> [(labels: String, value: Double)] {
        TurnLatency.Mark.allCases.flatMap { mark -> [(String, Double)] in
            guard let own = status.latency[mark.rawValue] else { return [] }
            return [("0.5", own.p50), ("0.95", own.p95), ("0.99", own.p99)].compactMap { quantile, ms in
                ms.map { (labels(("part", mark.rawValue), ("quantile", quantile)), Double($0) / 1000) }
            }
        }
    }

    private static func labels(_ pairs: (name: String, value: String)...) -> String {
        let quoted = pairs.map { pair in
            let value = pair.value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                .replacing("\n", with: "\\n")
            return "\(pair.name)=\"\(value)\""
        }
        return "{" + quoted.joined(separator: ",") + "}"
    }

    /// Whole numbers without a fraction.
    private static func number(_ value: Double) -> String { Int64(exactly: value).map { "\($0)" } ?? "\(value)" }
}
