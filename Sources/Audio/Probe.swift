/// Opens `device`, negotiates, closes it again, and says in one line what was agreed; plays and records nothing, and
/// leaves a file that a "wav:" playback would overwrite untouched. Blocks for the time the driver needs to open.
public func probe(device: AudioDevice, _ direction: AudioDirection) throws(AudioError) -> String {
    let timing = try StreamTiming(device)
    switch (try DeviceName(device.name), direction) {
    case (.pcm(let name), _):
        let wishes = PCMWishes(conversion: device.conversion)
        return try PCM(name: name, direction: direction, timing: timing, wishes: wishes).description
    case (.wav(let path), .capture):
        return try WAVReader(path: path).description
    case (.wav(let path), .playback):
        try WAVWriter.checkWritable(path: path)
        return WAVWriter.describe(path: path)
    }
}
