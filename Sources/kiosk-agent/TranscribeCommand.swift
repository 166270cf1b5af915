import ArgumentParser
import FoundationEssentials
import Realtime

/// `kiosk-agent transcribe`: the text of a recording, by the service that transcribes spooled turns.
struct TranscribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcribe", abstract: "Print what is said in a WAV file, by the service.")

    @Argument(help: "The recording: WAV, at most 25 MB.")
    var file: String

    @Option(help: "The transcription model. Default: transcription.built_in_model.")
    var model: String?

    @OptionGroup var settings: SettingsOptions

    func run() throws {
        let settings = try settings.load(namedFiles: false)
        let environment = ProcessInfo.processInfo.environment
        let key: APIKey?
        do { key = try APIKey.find(for: settings, environment: environment) } catch {
            throw CommandFailure(CommandFailure.settings, error)
        }
        let ring = KeyRing(key)
        let transcriber: Transcriber
        do {
            transcriber = try Transcriber(settings: settings, key: key, keys: ring, environment: environment)
        } catch {
            throw CommandFailure(CommandFailure.settings, error)
        }
        let wav = try recording()
        let model = model ?? settings.transcription.builtInModel ?? Transcriber.defaultModel
        switch transcriber.transcribe(wav, model: model) {
        case .transcribed(let transcription):
            StandardStream.output.write(ring.redact(ConsoleText.escaped(transcription.text)) + "\n")
        case .failed(let loss):
            throw CommandFailure(CommandFailure.runTime, ring.redact(ConsoleText.escaped(loss.words)))
        case .goesOn:
            preconditionFailure("waited for and not done")
        }
    }

    private func recording() throws(CommandFailure) -> [UInt8] {
        let wav: [UInt8]
        do { wav = try readFile(file, limit: FileTranscriptionRequest.fileLimit) } catch {
            throw CommandFailure(CommandFailure.runTime, "\(ConsoleText.escaped(file)): \(error)")
        }
        if let problem = Recording.problem(wav) {
            throw CommandFailure(CommandFailure.runTime, "\(ConsoleText.escaped(file)): \(problem)")
        }
        return wav
    }
}
