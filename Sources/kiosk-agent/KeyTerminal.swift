import CLinux
import Glibc

/// A terminal that gives single keys, and shows none of them: as it was before when this ends.
final class KeyTerminal {
    private let descriptor: Int32
    private var former = termios()
    private let isTerminal: Bool

    /// A descriptor that is no terminal is read as it is.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = tcgetattr(descriptor, &former) == 0
        guard isTerminal else { return }
        var raw = former
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        // Noise must neither stop the output (XOFF) nor end the program (break).
        raw.c_iflag &= ~tcflag_t(IXON | IXOFF | BRKINT | ICRNL | INLCR | IGNCR | PARMRK)
        raw.c_iflag |= tcflag_t(IGNBRK)
        // Line feeds still become new lines.
        raw.c_oflag |= tcflag_t(OPOST | ONLCR)
        tcsetattr(descriptor, TCSANOW, &raw)
    }

    deinit {
        if isTerminal { tcsetattr(descriptor, TCSANOW, &former) }
    }

    /// What was typed. Empty when there is nothing now; nil when there will never be anything more.
    func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 256)
        // Without blocking, whoever else shares the terminal.
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 0) > 0 else { return [] }
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// Columns as the terminal says; nil when it does not, as over a serial line.
    static func columns(_ descriptor: Int32) -> Int? {
        let columns = Int(clinux_terminal_columns(descriptor))
        return columns > 0 ? columns : nil
    }
}
