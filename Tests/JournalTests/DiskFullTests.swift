import Foundation
import Testing

@testable import Journal

/// A full disk without one: the journal's file is stretched to just below the file system's largest size, so the
/// kernel takes some bytes of the next line (a short write) and refuses the rest.
@Suite struct DiskFullTests {
    private let folder = JournalFolder()
    private var segment: String { "\(folder.path)/\(JournalFolder.segment(1))" }

    /// Leaves room for `bytes` at the end of the segment.
    private func fillDisk(leaving bytes: Int) throws {
        var (fits, tooLarge) = (0, Int.max)
        while tooLarge - fits > 1 {
            let size = fits + (tooLarge - fits) / 2
            if truncate(segment, off_t(size)) == 0 { fits = size } else { tooLarge = size }
        }
        // Int.max itself may be allowed (tmpfs); a write never gets past it.
        try #require(truncate(segment, off_t(fits - bytes)) == 0)
    }

    private func expectRefusal(_ journal: inout Journal, durable: Bool) {
        do {
            try journal.append(kind: "turn", members: #"{"text":"lost?"}"#, durable: durable)
            Issue.record("the disk was full, yet the entry was taken")
        } catch {
            #expect(error == .failed(path: segment, step: "write", errno: EFBIG))
        }
    }

    @Test(arguments: [0, 1, 40], [false, true])
    func halfWrittenLineIsCutAndTheEntryGoesThroughLater(room: Int, durable: Bool) throws {
        var journal = try folder.open()
        try journal.append(kind: "turn", members: "{}", durable: durable)
        let before = try folder.contents(JournalFolder.segment(1))
        try fillDisk(leaving: room)
        expectRefusal(&journal, durable: durable)
        #expect(try folder.contents(JournalFolder.segment(1)) == before)
        #expect(try journal.append(kind: "turn", members: #"{"text":"kept"}"#, durable: durable) == 2)
        #expect(try folder.entries().count == 2)
    }

    @Test func segmentThatCannotBeMadeIsTriedAgain() throws {
        var journal = try folder.open(segmentLimitBytes: 10)
        let obstacle = "\(folder.path)/\(JournalFolder.segment(3))"
        try journal.append(kind: "turn", members: "{}", durable: false)
        mkdir(obstacle, 0o700)
        do {
            try journal.append(kind: "turn", members: "{}", durable: false)
            Issue.record("a directory took an entry")
        } catch {
            #expect(error == .failed(path: obstacle, step: "open", errno: EISDIR))
        }
        rmdir(obstacle)
        #expect(try journal.append(kind: "turn", members: "{}", durable: false) == 3)
        #expect(try folder.kinds() == ["turn", "sealed", "turn"])
    }
}
