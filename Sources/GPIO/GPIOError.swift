import Glibc

/// Why a chip or one of its lines could not be used.
public enum GPIOError: Error, Equatable, CustomStringConvertible {
    /// The chip could not be opened.
    case chip(String, errno: Int32)
    /// The chip has no line of that name or offset.
    case noLine(String, chip: String)
    /// The line could not be requested, read or set.
    case line(String, chip: String, errno: Int32)

    /// Waiting may mend it: a chip that is not there yet, a line that somebody else holds, a right that is still to be
    /// given. What is no chip, or a line that a chip does not have, is a wrong setting.
    public var mayPass: Bool {
        switch self {
        case .chip(_, errno: ENODEV), .chip(_, errno: ENOTTY), .noLine: false
        case .chip, .line: true
        }
    }

    /// One line: which chip, which line, the system's reason.
    public var description: String {
        switch self {
        case .chip(let chip, errno: ENODEV), .chip(let chip, errno: ENOTTY): "\(chip): not a GPIO chip"
        case .chip(let chip, errno: ENOENT): "\(chip): no such GPIO chip"
        case .chip(let chip, let errno): "\(chip): \(String(cString: strerror(errno)))"
        case .noLine(let line, let chip): "\(chip): line \(line): no such line"
        case .line(let line, let chip, let errno): "\(chip): line \(line): \(String(cString: strerror(errno)))"
        }
    }
}
