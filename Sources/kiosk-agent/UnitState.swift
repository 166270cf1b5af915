/// What systemd knows of a unit: the properties that `systemctl show` prints.
struct UnitState: Equatable {
    /// The agent's.
    static let agent = "kiosk-agent.service"
    private static let names = [
        "Id", "LoadState", "ActiveState", "SubState", "Result", "NRestarts", "ExecMainCode", "ExecMainStatus",
        "StatusText", "UnitFileState",
    ]

    private let properties: [String: String]

    /// The command that asks, and what it may print, in bytes.
    static func command(_ unit: String) -> [String] {
        ["/usr/bin/systemctl", "show", "--no-pager", "--property=" + names.joined(separator: ","), "--", unit]
    }
    static let outputLimit = 16 << 10

    /// `Name=value` a line; a name that is not there is "".
    init(_ text: String) {
        var properties: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let equals = line.firstIndex(of: "=") else { continue }
            properties[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        self.properties = properties
    }

    private func property(_ name: String) -> String { properties[name] ?? "" }

    /// The last word of the service itself: its STATUS= (sd_notify(3)), "" when it gave none.
    var lastWords: String { property("StatusText") }

    /// Why a service does not serve, in words.
    var words: String {
        if property("LoadState") == "not-found" { return "there is no such unit: is the package installed?" }
        if property("LoadState") == "masked" { return "the unit is masked" }
        switch property("ActiveState") {
        case "active": return "systemd takes it for running"
        case "activating" where property("SubState") != "auto-restart":
            // Asked in the midst of one of many starts, of which systemd has forgotten how the last one ended.
            return "it is starting" + (["", "0"].contains(property("NRestarts")) ? "" : " " + restarts)
        case "deactivating": return "it is stopping"
        case "reloading": return "it reads its settings"
        default: break
        }
        let isAgain = property("SubState") == "auto-restart"
        guard isAgain || property("Result") != "success" else {
            let isDisabled = property("UnitFileState") == "disabled"
            return "it was stopped, or never started" + (isDisabled ? ", and does not start at boot" : "")
        }
        return (isAgain ? "it ends again and again " + restarts : "it ended") + end.map { ": \($0)" }.joined()
    }

    private var restarts: String { "(started anew \(property("NRestarts")) times)" }

    /// How its program ended.
    private var end: [String] {
        let status = property("ExecMainStatus")
        switch (property("Result"), property("ExecMainCode")) {
        case ("watchdog", _): return ["it stood still and was ended by the watchdog"]
        case ("timeout", _): return ["it did not start within its time"]
        case ("oom-kill", _): return ["the memory was used up"]
        // CLD_KILLED and CLD_DUMPED of waitid(2).
        case (_, "2"), (_, "3"): return ["ended by signal \(status)"]
        case (_, "1"):
            let meaning = switch status {
            case "78": " (wrong settings)"
            case "127": " (a shared library is missing)"
            case "203": " (its program cannot be executed)"
            case "243": " (its credentials cannot be set up)"
            default: ""
            }
            return ["exit status \(status)" + meaning]
        default: return []
        }
    }
}
