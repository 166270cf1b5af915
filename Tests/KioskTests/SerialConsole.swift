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
            try openPseudoTerminal()
        }
        for end in [ends.program, ends.reader] { try makeRaw(end) }
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

    private static func openPseudoTerminal() throws -> (program: Int32, reader: Int32) {
        var (reader, program): (Int32, Int32) = (-1, -1)
        guard openpty(&reader, &program, nil, nil, nil) == 0 else {
            throw TimedOut(description: "pseudo-terminal: \(String(cString: strerror(errno)))")
        }
        for descriptor in [reader, program] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return (program, reader)
    }

    /// 115200 baud, 8 bits, every byte as it is; what an earlier test left on the line is thrown away.
    private static func makeRaw(_ descriptor: Int32) throws {
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else {
            throw TimedOut(description: "console: \(String(cString: strerror(errno)))")
        }
        cfmakeraw(&settings)
        cfsetspeed(&settings, speed_t(B115200))
        settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
        tcsetattr(descriptor, TCSANOW, &settings)
        tcflush(descriptor, TCIOFLUSH)
    }
}
