import Foundation

/// A terminal without a wire: what a program says to `program` can be read from `reader`, and what is typed there goes
/// the other way.
package struct PseudoTerminal {
    package let program: Int32
    package let reader: Int32

    package init() throws {
        var (reader, program): (Int32, Int32) = (-1, -1)
        guard openpty(&reader, &program, nil, nil, nil) == 0 else {
            throw TimedOut(description: "pseudo-terminal: \(String(cString: strerror(errno)))")
        }
        for descriptor in [reader, program] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        (self.program, self.reader) = (program, reader)
    }

    package var ends: (program: Int32, reader: Int32) { (program, reader) }

    /// For `Executable`, which then closes both ends.
    package func cable(takesKeys: Bool = false) -> Executable.Cable {
        Executable.Cable(
            program: FileHandle(fileDescriptor: program, closeOnDealloc: true),
            reader: FileHandle(fileDescriptor: reader, closeOnDealloc: true), takesKeys: takesKeys)
    }

    /// The same for a program of which nobody reads anything.
    package func unread() throws -> Executable.Cable {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TimedOut(description: "pipe: \(String(cString: strerror(errno)))") }
        return Executable.Cable(
            program: FileHandle(fileDescriptor: program, closeOnDealloc: false),
            reader: FileHandle(fileDescriptor: ends[0], closeOnDealloc: true))
    }

    package func type(_ bytes: [UInt8]) { _ = write(reader, bytes, bytes.count) }

    /// What has come, until nothing does for `pauseMs`.
    package func read(pauseMs: Int32 = 100) -> String {
        var (bytes, block) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        var ready = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        while poll(&ready, 1, pauseMs) > 0 {
            let count = Glibc.read(reader, &block, block.count)
            guard count > 0 else { break }
            bytes += block[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
    }

    package func settings() -> termios {
        var settings = termios()
        tcgetattr(program, &settings)
        return settings
    }
}
