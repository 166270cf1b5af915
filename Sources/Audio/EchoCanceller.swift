internal import CSpeexDSP

/// Owner of libspeexdsp's echo canceller and of the preprocessor that suppresses what the canceller leaves, for 24 kHz
/// mono.
///
/// Takes out of each captured block what the room made of the played block. It learns the room by itself, in about 3 s
/// of speech, and goes on learning; while the visitor speaks, too, it slows down (J.-M. Valin, "On Adjusting the
/// Learning Rate in Frequency Domain Echo Cancellation With Double-Talk", IEEE 2007).
struct EchoCanceller: ~Copyable {
    /// Frames of a block: 10 ms, the least that speex_echo_state_init's documentation names.
    static let blockFrames = 240
    /// Echo that comes within this time can be cancelled: 250 ms, 25 blocks.
    static let tailFrames = 25 * blockFrames
    /// A block comes out while the next goes in: the preprocessor overlaps blocks by one half.
    static let latencyFrames = blockFrames

    /// Most that is taken off residual echo while nobody speaks, and while somebody does. Both are libspeexdsp's own;
    /// in a simulated room (0.3 s of reverberation) they cost the visitor's speech less than 1 dB.
    private static let echoSuppressDb: Int32 = -40
    private static let echoSuppressActiveDb: Int32 = -15
    /// Noise is left alone: the server expects a room's, and its voice detection knows it.
    private static let noiseSuppressDb: Int32 = 0

    private let echo: OpaquePointer
    private let residual: OpaquePointer

    /// Allocates all it will ever need (speex_echo_state_init, speex_preprocess_state_init), 214 kB.
    init() throws(AudioError) {
        let failure = AudioError(.reopen, "echo canceller: out of memory")
        guard let echo = speex_echo_state_init(Int32(Self.blockFrames), Int32(Self.tailFrames)) else { throw failure }
        guard let residual = speex_preprocess_state_init(Int32(Self.blockFrames), Int32(runnerRate)) else {
            speex_echo_state_destroy(echo)
            throw failure
        }
        self.echo = echo
        self.residual = residual
        Self.set(SPEEX_ECHO_SET_SAMPLING_RATE, Int32(runnerRate)) { speex_echo_ctl(echo, $0, $1) }
        // SAFETY: the preprocessor keeps the pointer to the canceller, which lives as long as it does.
        speex_preprocess_ctl(residual, SPEEX_PREPROCESS_SET_ECHO_STATE, UnsafeMutableRawPointer(echo))
        for (request, value) in [
            (SPEEX_PREPROCESS_SET_ECHO_SUPPRESS, Self.echoSuppressDb),
            (SPEEX_PREPROCESS_SET_ECHO_SUPPRESS_ACTIVE, Self.echoSuppressActiveDb),
            (SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, Self.noiseSuppressDb),
        ] {
            Self.set(request, value) { speex_preprocess_ctl(residual, $0, $1) }
        }
    }

    deinit {
        speex_preprocess_state_destroy(residual)
        speex_echo_state_destroy(echo)
    }

    /// Writes to `output` what `captured` holds besides the echo of `played`, `latencyFrames` late. Each buffer holds a
    /// block. `played` may come before its echo by the tail, but never after it. Real-time.
    mutating func process(
        captured: UnsafeBufferPointer<Int16>, played: UnsafeBufferPointer<Int16>,
        into output: UnsafeMutableBufferPointer<Int16>
    ) {
        precondition(min(captured.count, played.count, output.count) >= Self.blockFrames, "wanted a whole block")
        guard let target = output.baseAddress else { return }
        // SAFETY: each buffer holds a block; `played` may be `output`, for the canceller copies it first.
        speex_echo_cancellation(echo, captured.baseAddress, played.baseAddress, target)
        speex_preprocess_run(residual, target)
    }

    private static func set(
        _ request: Int32, _ value: Int32, _ control: (Int32, UnsafeMutableRawPointer) -> Int32
    ) {
        var value = value
        _ = control(request, &value)
    }
}
