import Testing

@testable import Audio

@Suite struct SampleFormatTests {
    @Test(arguments: SampleFormat.allCases, [1, 2, 3, 8])
    func spreadingThenMixingDownGivesTheSameFrames(format: SampleFormat, channels: Int) {
        let mono: [Int16] = [0, 1, -1, 12_345, -12_345, .max, .min]
        var native = [UInt8](repeating: 0xAA, count: mono.count * channels * format.bytesPerSample)
        var back = [Int16](repeating: 99, count: mono.count)
        native.withUnsafeMutableBytes { native in
            guard let bytes = native.baseAddress else { return }
            format.spread(mono, frames: mono.count, channels: channels, into: bytes)
            format.mixDown(bytes, channels: channels, frames: mono.count, into: &back)
        }
        #expect(back == mono)
    }

    @Test(arguments: [
        (SampleFormat.s16, [0x34, 0x12] as [UInt8]), (.s32, [0, 0, 0x34, 0x12]), (.s24, [0, 0x34, 0x12, 0]),
        (.s24Packed, [0, 0x34, 0x12]),
    ])
    func samplesLieInMemoryAsAlsaNamesThem(format: SampleFormat, bytes: [UInt8]) {
        var native = [UInt8](repeating: 0xAA, count: bytes.count)
        native.withUnsafeMutableBytes { native in
            guard let raw = native.baseAddress else { return }
            format.spread([0x1234], frames: 1, channels: 1, into: raw)
        }
        #expect(native == bytes)
    }

    @Test func stereoMixesToTheMeanWithoutOverflow() {
        let stereo: [Int16] = [100, 200, .max, .max, .min, .min, .max, .min]
        var mono = [Int16](repeating: 9, count: 4)
        stereo.withUnsafeBytes { SampleFormat.s16.mixDown($0.baseAddress!, channels: 2, frames: 4, into: &mono) }
        #expect(mono == [150, .max, .min, 0])
    }

    @Test(arguments: SampleFormat.allCases, [1, 2, 8])
    func aChosenChannelIsHeardAloneAndSpokenBesideSilence(format: SampleFormat, channels: Int) {
        let mono: [Int16] = [1, -1, 12_345, -12_345, .max, .min]
        for channel in 1...channels {
            var native = [UInt8](repeating: 0xAA, count: mono.count * channels * format.bytesPerSample)
            var heard: [[Int16]] = []
            native.withUnsafeMutableBytes { native in
                guard let bytes = native.baseAddress else { return }
                format.spread(mono, frames: mono.count, channels: channels, channel: channel, into: bytes)
                for index in 1...channels {
                    var one = [Int16](repeating: 99, count: mono.count)
                    format.mixDown(bytes, channels: channels, channel: index, frames: mono.count, into: &one)
                    heard.append(one)
                }
            }
            for index in 1...channels {
                #expect(heard[index - 1] == (index == channel ? mono : [Int16](repeating: 0, count: mono.count)))
            }
        }
    }
}
