/// What stops the simulator before it listens, in one line that says what, which and why.
enum SimulatorError: Error, Equatable, CustomStringConvertible {
    case samplesNotFound(searched: [String])
    case sampleFile(path: String, reason: String)
    case option(name: String, value: String, wanted: String)
    case listen(reason: String)
    case report(path: String, reason: String)

    var description: String {
        switch self {
        case .samplesNotFound(let searched):
            "no samples: looked for samples.json in \(searched.joined(separator: ", ")); name the folder by --samples"
        case .sampleFile(let path, let reason): "\(path): \(reason)"
        case .option(let name, let value, let wanted): "\(name)=\(value): wanted \(wanted)"
        case .listen(let reason): reason
        case .report(let path, let reason): "\(path): \(reason)"
        }
    }
}
