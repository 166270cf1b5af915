import Foundation

/// The utterances and answers the simulator knows.
package enum Samples {
    package struct Sample: Decodable, Sendable {
        package let name, file, text, answerFile, answerText: String
        enum CodingKeys: String, CodingKey {
            case name, file, text, answerFile = "answer_file", answerText = "answer_text"
        }
        package var audio: [Int16] {
            get throws { try WaveFile(contentsOf: Samples.folder.appendingPathComponent(file)).samples }
        }
        package var answer: [Int16] {
            get throws { try WaveFile(contentsOf: Samples.folder.appendingPathComponent(answerFile)).samples }
        }
        package var lengthMs: Int { get throws { try audio.count * 1000 / WaveFile.rate } }
    }

    package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/realtime-simulator/Samples")

    package static let all = Result {
        try JSONDecoder().decode([Sample].self, from: Data(contentsOf: folder.appendingPathComponent("samples.json")))
    }
}
