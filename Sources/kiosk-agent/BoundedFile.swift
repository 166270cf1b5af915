import Glibc

/// Why a file could not be read.
enum FileError: Error, Equatable, CustomStringConvertible {
    /// open(2), fstat(2) or read(2) refused.
    case system(Int32)
    case notRegular
    case tooLarge(limit: Int)
    case notUTF8

    var description: String {
        switch self {
        case .system(let code): systemText(code)
        case .notRegular: "not a regular file"
        case .tooLarge(let limit): "more than \(limit) bytes"
        case .notUTF8: "not UTF-8"
        }
    }
}

/// The bytes of a small regular file, at most `limit` of them.
///
/// Anything but a regular file is refused, so that a FIFO or a terminal cannot stop the start.
func readFile(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }

    var bytes = [UInt8](repeating: 0, count: min(max(Int(status.st_size), 0), limit) + 1)
    var filled = 0
    while true {
        // SAFETY: read(2) gets the part of the array behind `filled`, for the time of the call.
        let count = bytes.withUnsafeMutableBytes {
            read(descriptor, $0.baseAddress?.advanced(by: filled), $0.count - filled)
        }
        if count < 0 {
            let code = errno
            if code == EINTR { continue }
            throw .system(code)
        }
        if count == 0 { break }
        filled += count
        guard filled <= limit else { throw .tooLarge(limit: limit) }
        if filled == bytes.count { bytes.append(contentsOf: repeatElement(0, count: min(filled, limit) + 1)) }
    }
    bytes.removeLast(bytes.count - filled)
    return bytes
}

/// The text of a small UTF-8 file, at most `limit` bytes.
func readText(_ path: String, limit: Int) throws(FileError) -> String {
    guard let text = String(validating: try readFile(path, limit: limit), as: UTF8.self) else { throw .notUTF8 }
    return text
}

/// The system's words for an errno.
func systemText(_ code: Int32) -> String {
    String(cString: strerror(code))
}
