import Foundation

/// Lives the random lives of a range of numbers, each with a faithful and with a hostile server, and says what was
/// wrong in which. Exit status 0 when nothing was.
///
///     lives FROM TO [told]
@main
struct Lives {
    /// Which life it is, for the handler of a trap.
    nonisolated(unsafe) private static var seed = 0
    /// Lives with something wrong; after so many the rest would say no more.
    private static let mostFaults = 20

    static func main() {
        let isTold = CommandLine.arguments.last == "told"
        let bounds = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard bounds.count == 2, bounds[0] >= 0, bounds[0] <= bounds[1] else { exit(64) }
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] { Glibc.signal(signal, trapped) }
        var (lives, inputs, requests, faults) = (0, 0, 0, 0)
        for number in bounds[0]..<bounds[1] where faults < mostFaults {
            seed = number
            for isFaithful in [true, false] {
                let server = isFaithful ? "faithful" : "hostile"
                if isTold { print("life \(number), \(server) server:") }
                let life = isFaithful
                    ? Life.withFaithfulServer(seed: number, isTold: isTold)
                    : Life.withHostileServer(seed: number, isTold: isTold)
                lives += 1
                inputs += life.inputs
                requests += life.requests
                guard !life.faults.isEmpty else { continue }
                faults += 1
                print("life \(number), \(server) server: \(life.faults.prefix(3).joined(separator: "; "))")
            }
        }
        print("\(lives) lives, \(inputs) inputs, \(requests) requests, \(faults) faults")
        exit(faults == 0 ? 0 : 1)
    }

    /// Writes the number by hand: after a trap nothing may be allocated.
    private static let trapped: @convention(c) (Int32) -> Void = { _ in
        var digits: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (
            48, 48, 48, 48, 48, 48, 48, 48, 48, 10
        )
        withUnsafeMutableBytes(of: &digits) { bytes in
            var rest = Lives.seed
            for place in (0..<9).reversed() {
                bytes[place] = UInt8(48 + rest % 10)
                rest /= 10
            }
            let words: StaticString = "trapped in life "
            _ = write(1, words.utf8Start, words.utf8CodeUnitCount)
            _ = write(1, bytes.baseAddress, 10)
        }
        _exit(2)
    }
}
