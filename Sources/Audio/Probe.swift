/// Opens `device`, negotiates, closes it again, and says in one line what was agreed; plays and records nothing, and
/// leaves a file that a "wav:" playback would overwrite untouched. Blocks for the time the driver needs to open.
public func probe(
    device: String, _ direction: AudioDirection, periodMs: Int = 10, bufferMs: Int = 40,
    conversion: SoundConversion = SoundConversion()
) throws(AudioError) -> String {
    let timing = try StreamTiming(device: device, periodMs: periodMs, bufferMs: bufferMs)
    switch (try DeviceName(device), direction) {
    case (.pcm(let name), _):
        let wishes = PCMWishes(conversion: conversion)
        return try PCM(name: name, direction: direction, timing: timing, wishes: wishes).description
    case (.wav(let path), .capture):
        return try WAVReader(path: path).description
    case (.wav(let path), .playback):
        try WAVWriter.checkWritable(path: path)
        return WAVWriter.describe(path: path)
    }
}
