import Audio
import Glibc
import Session

/// The recordings that the kiosk plays by itself, read once.
struct VoicePrompts: Sendable, Equatable {
    /// Where the package installs the shipped set.
    static let shippedFolder = "/usr/share/kiosk-agent/prompts"

    /// A recording that cannot be used, and the key that asks for it; nil when it is one of the shipped set.
    struct Problem: Error, Equatable {
        let key: String?
        let words: String
    }

    private var sounds: [VoicePrompt: WAVSound] = [:]
    /// What is wrong with recordings of the shipped set; the kiosk works without them.
    private var problems: [VoicePrompt: String] = [:]

    /// None at all.
    init() {}

    /// Reads what is asked for. What the settings name has to be there; of the shipped set what is there is used.
    init(_ settings: Settings.Prompts, shippedFolder: String = VoicePrompts.shippedFolder) throws(Problem) {
        for prompt in VoicePrompt.allCases {
            switch settings.choice(prompt) {
            case .off: break
            case .file(let path): sounds[prompt] = try Self.read(path, key: "prompts.\(prompt.name)")
            case .ofTheSet:
                let key = settings.directory == nil ? nil : "prompts.directory"
                let folder = settings.directory ?? shippedFolder
                // A set of before there was this prompt says that the kiosk is busy.
                if prompt == .budget, let busy = sounds[.busy], access("\(folder)/\(prompt.fileName)", F_OK) != 0 {
                    sounds[prompt] = busy
                    continue
                }
                do throws(Problem) {
                    sounds[prompt] = try Self.read("\(folder)/\(prompt.fileName)", key: key)
                } catch {
                    if error.key != nil { throw error }
                    problems[prompt] = error.words
                }
            }
        }
    }

    private static func read(_ path: String, key: String?) throws(Problem) -> WAVSound {
        do { return try WAVSound(path: path) } catch {
            // The settings know it as a path, the sound devices as a device.
            let words = error.description
            throw Problem(key: key, words: words.hasPrefix("wav:") ? String(words.dropFirst(4)) : words)
        }
    }

    /// Frames of each prompt there is.
    var frames: [VoicePrompt: Int] { sounds.mapValues(\.samples.count) }

    /// 24 kHz mono; nil when it is switched off or not there.
    func samples(of prompt: VoicePrompt) -> [Int16]? { sounds[prompt]?.samples }

    /// Why a prompt that is not switched off is not there.
    func problem(of prompt: VoicePrompt) -> String? { problems[prompt] }

    /// For the self-check: which there are, in one line.
    var summary: String {
        let names = VoicePrompt.allCases.filter { sounds[$0] != nil }.map(\.name)
        let there = names.isEmpty ? "none" : names.joined(separator: ", ")
        let problem = VoicePrompt.allCases.lazy.compactMap { problems[$0] }.first
        return there + (problem.map { "; \($0)" } ?? "")
    }
}

extension VoicePrompt {
    /// As its key in the settings is called.
    var name: String {
        switch self {
        case .noNetwork: "no_network"
        case .key: "key"
        case .busy: "busy"
        case .budget: "budget"
        case .goodbye: "goodbye"
        }
    }

    /// As its file is called in a set.
    var fileName: String {
        switch self {
        case .noNetwork: "no-network.wav"
        case .key: "key.wav"
        case .busy: "busy.wav"
        case .budget: "budget.wav"
        case .goodbye: "goodbye.wav"
        }
    }
}

extension Settings.Prompts {
    func choice(_ prompt: VoicePrompt) -> Settings.PromptChoice {
        switch prompt {
        case .noNetwork: noNetwork
        case .key: key
        case .busy: busy
        case .budget: budget
        case .goodbye: goodbye
        }
    }
}
