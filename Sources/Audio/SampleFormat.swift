/// How a card lays out one sample, little-endian.
enum SampleFormat: Equatable, Sendable, CaseIterable {
    case s16
    case s32
    /// 24 bits in the low three bytes of four.
    case s24
    /// 24 bits in three bytes.
    case s24Packed

    var bytesPerSample: Int {
        switch self {
        case .s16: 2
        case .s32, .s24: 4
        case .s24Packed: 3
        }
    }

    /// alsa-lib's name.
    var name: String {
        switch self {
        case .s16: "S16_LE"
        case .s32: "S32_LE"
        case .s24: "S24_LE"
        case .s24Packed: "S24_3LE"
        }
    }

    /// Makes mono PCM16 of `frames` interleaved frames: one channel, counted from 1, or the mean of all (0). Real-time.
    @_noAllocation
    func mixDown(
        _ interleaved: UnsafeRawPointer, channels: Int, channel: Int = 0, frames: Int,
        into mono: UnsafeMutablePointer<Int16>
    ) {
        switch (self, channels) {
        case (.s16, 1):
            UnsafeMutableRawPointer(mono).copyMemory(from: interleaved, byteCount: frames * 2)
        case (.s16, 2) where channel == 0:
            // The commonest layout, in a loop that becomes vector instructions: one over a range, which may trap, does
            // not.
            var frame = 0
            while frame < frames {
                // SAFETY: four bytes a frame; loads need no alignment.
                let pair = interleaved.loadUnaligned(fromByteOffset: 4 &* frame, as: Int32.self)
                let sum = Int32(Int16(truncatingIfNeeded: pair)) &+ (pair >> 16)
                // Rounded towards zero, as a division is.
                mono[frame] = Int16(truncatingIfNeeded: (sum &- (sum >> 31)) >> 1)
                frame &+= 1
            }
        default:
            mixDownAny(interleaved, channels: channels, channel: channel, frames: frames, into: mono)
        }
    }

    @_noAllocation
    private func mixDownAny(
        _ interleaved: UnsafeRawPointer, channels: Int, channel: Int, frames: Int,
        into mono: UnsafeMutablePointer<Int16>
    ) {
        let frameBytes = channels * bytesPerSample
        if channel > 0 {
            var offset = (channel - 1) * bytesPerSample
            for frame in 0..<frames {
                mono[frame] = sample(interleaved, at: offset)
                offset &+= frameBytes
            }
            return
        }
        let divisor = Int32(channels)
        var offset = 0
        for frame in 0..<frames {
            var sum: Int32 = 0
            for _ in 0..<channels {
                sum &+= Int32(sample(interleaved, at: offset))
                offset &+= bytesPerSample
            }
            mono[frame] = Int16(truncatingIfNeeded: sum / divisor)
        }
    }

    /// Makes `frames` interleaved frames of mono PCM16: in one channel, counted from 1, beside silence, or in all (0).
    /// Real-time.
    @_noAllocation
    func spread(
        _ mono: UnsafePointer<Int16>, frames: Int, channels: Int, channel: Int = 0,
        into interleaved: UnsafeMutableRawPointer
    ) {
        if self == .s16, channels == 2, channel == 0 {
            // As in `mixDown`.
            var frame = 0
            while frame < frames {
                let sample = UInt32(UInt16(bitPattern: mono[frame]))
                // SAFETY: four bytes a frame; stores need no alignment.
                interleaved.storeBytes(of: sample << 16 | sample, toByteOffset: 4 &* frame, as: UInt32.self)
                frame &+= 1
            }
            return
        }
        var offset = 0
        for frame in 0..<frames {
            for number in 1...channels {
                store(channel == 0 || channel == number ? mono[frame] : 0, interleaved, at: offset)
                offset &+= bytesPerSample
            }
        }
    }

    /// The 16 most significant bits of the sample at a byte offset.
    @inline(__always)
    @_noAllocation
    private func sample(_ raw: UnsafeRawPointer, at offset: Int) -> Int16 {
        // SAFETY: the caller's buffer holds bytesPerSample bytes from `offset`; loads need no alignment.
        switch self {
        case .s16: raw.loadUnaligned(fromByteOffset: offset, as: Int16.self)
        case .s32: raw.loadUnaligned(fromByteOffset: offset &+ 2, as: Int16.self)
        case .s24, .s24Packed: raw.loadUnaligned(fromByteOffset: offset &+ 1, as: Int16.self)
        }
    }

    @inline(__always)
    @_noAllocation
    private func store(_ value: Int16, _ raw: UnsafeMutableRawPointer, at offset: Int) {
        // SAFETY: the caller's buffer holds bytesPerSample bytes from `offset`; nor do stores.
        switch self {
        case .s16: raw.storeBytes(of: value, toByteOffset: offset, as: Int16.self)
        case .s32: raw.storeBytes(of: Int32(value) << 16, toByteOffset: offset, as: Int32.self)
        case .s24: raw.storeBytes(of: Int32(value) << 8, toByteOffset: offset, as: Int32.self)
        case .s24Packed:
            raw.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self)
            raw.storeBytes(of: value, toByteOffset: offset &+ 1, as: Int16.self)
        }
    }
}
