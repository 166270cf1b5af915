import Glibc

/// systemd's journal, which takes records with fields (systemd.io/JOURNAL_NATIVE_PROTOCOL). Never blocks.
struct SystemJournal {
    static let socket = "/run/systemd/journal/socket"

    /// A line of syslog(3), with fields that `journalctl` can be asked for.
    struct Record: Equatable {
        enum Priority: Int { case warning = 4, notice = 5, info = 6 }

        /// What kind of record it is, for ever: 128 bits, as `journalctl --new-id128` makes them.
        let kind: String
        let priority: Priority
        let message: String
        /// Names of A-Z, 0-9 and `_`.
        var fields: [(name: String, value: String)] = []

        static func == (a: Record, b: Record) -> Bool {
            a.kind == b.kind && a.priority == b.priority && a.message == b.message
                && a.fields.elementsEqual(b.fields, by: ==)
        }
    }

    private let address: UnixAddress

    /// Nil where `descriptor` is no stream to the journal, which is what `JOURNAL_STREAM` names by device and inode.
    init?(environment: [String: String], descriptor: Int32, socket: String = socket) {
        var status = stat()
        guard let stream = environment["JOURNAL_STREAM"], fstat(descriptor, &status) == 0,
            stream == "\(status.st_dev):\(status.st_ino)", let address = UnixAddress(socket)
        else { return nil }
        self.address = address
    }

    /// Whether the journal has taken it. One that is too large for a datagram, some 200 KiB, is not.
    func send(_ record: Record) -> Bool {
        let head = [
            ("MESSAGE", record.message), ("PRIORITY", "\(record.priority.rawValue)"), ("MESSAGE_ID", record.kind),
            ("SYSLOG_IDENTIFIER", "kiosk-agent"),
        ]
        return address.send((head + record.fields).flatMap { Self.encoded($0.0, $0.1) })
    }

    /// In one line where there is no line break; else with its length.
    private static func encoded(_ name: String, _ value: String) -> [UInt8] {
        let bytes = Array(value.utf8)
        guard bytes.contains(UInt8(ascii: "\n")) else { return Array("\(name)=".utf8) + bytes + [UInt8(ascii: "\n")] }
        let length = withUnsafeBytes(of: UInt64(bytes.count).littleEndian, Array.init)
        return Array("\(name)\n".utf8) + length + bytes + [UInt8(ascii: "\n")]
    }
}
