import Glibc

/// Why the journal could not do what was asked; grouped by what the caller can do about it.
public enum JournalError: Error, Equatable, CustomStringConvertible {
    /// Another process has the journal open. Stop it, or use another directory.
    case inUse(directory: String)
    /// A system call failed. The same request may succeed later: a full disk, a missing directory, a sick card.
    case failed(path: String, step: String, errno: Int32)
    /// The entry can never be appended, whatever the disk does; the reason in words.
    case refused(String)

    /// One line: which file, which call, the system's reason.
    public var description: String {
        switch self {
        case .inUse(let directory): "\(directory): journal in use by another process"
        case .failed(let path, let step, let errno): "\(path): \(step): \(String(cString: strerror(errno)))"
        case .refused(let reason): "entry refused: \(reason)"
        }
    }
}
