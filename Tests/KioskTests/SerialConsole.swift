import Foundation
import KioskBench

/// The kiosk's own serial console, and the terminal at the other end of its cable.
enum SerialConsole {
    /// The board's null-modem cable ($BOARD_CONSOLE, $BOARD_CABLE); elsewhere a pseudo-terminal.
    static func open() throws -> Executable.Cable {
        let environment = ProcessInfo.processInfo.environment
        let (console, cable) = (environment["BOARD_CONSOLE"], environment["BOARD_CABLE"])
        let ends = if let console, let cable {
            (program: try open(console), reader: try open(cable))
        } else {
            try PseudoTerminal().ends
        }
        for end in [ends.program, ends.reader] { try makeRaw(end) }
        try readToMark(from: ends.program, to: ends.reader)
        return Executable.Cable(program: file(ends.program), reader: file(ends.reader))
    }

    private static func file(_ descriptor: Int32) -> FileHandle {
        FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private static func open(_ path: String) throws -> Int32 {
        // Without O_NONBLOCK the kernel waits for a modem's carrier.
        let descriptor = Glibc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0, fcntl(descriptor, F_SETFL, 0) == 0 else {
            throw TimedOut(description: "\(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    /// Reads away what an earlier test left on its way, up to a mark of our own: the cable is whole, and empty.
    private static func readToMark(from program: Int32, to reader: Int32) throws {
        let mark = [UInt8]("\(UUID())\n".utf8)
        var (bytes, block) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
        var ready = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        guard write(program, mark, mark.count) == mark.count else {
            throw TimedOut(description: "console: \(String(cString: strerror(errno)))")
        }
        while !bytes.suffix(mark.count).elementsEqual(mark) {
            guard poll(&ready, 1, 5_000) == 1, case let count = read(reader, &block, block.count), count > 0 else {
                throw TimedOut(description: "console: nothing comes through its cable")
            }
            bytes += block[..<count]
        }
    }

    /// 115200 baud, 8 bits, every byte as it is.
    private static func makeRaw(_ descriptor: Int32) throws {
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else {
            throw TimedOut(description: "console: \(String(cString: strerror(errno)))")
        }
        cfmakeraw(&settings)
        cfsetspeed(&settings, speed_t(B115200))
        settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
        tcsetattr(descriptor, TCSANOW, &settings)
    }
}
