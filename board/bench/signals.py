"""The two sounds that a measurement looks for: a marker in what is said, and the tone that is the answer."""
import array
import math

CARD_RATE = 48_000
TONE_HZ = 700
TONE_PEAK = 8_000
# A click of a millisecond, above all speech and far from clipping. Seen when a sample reaches the threshold.
MARKER = array.array("h", [0, 16_000, 23_000, 16_000, 0, -16_000, -23_000, -16_000] * 6)
MARKER_THRESHOLD = 14_000
# -60 dB of full scale: what is above it is audible.
AUDIBLE = 32
# How far a sample may be from what the two before it say of a tone. A hole is off by thousands; of single lost frames
# 85 in 100 show, of four at once 99.
CONTINUITY = 200


def tone(rate, ms):
    step = 2 * math.pi * TONE_HZ / rate
    return array.array("h", (round(TONE_PEAK * math.sin(step * index)) for index in range(rate * ms // 1000)))


class Sound:
    """One stretch of the recording between two silences: its first and last audible frame, and what is wrong in it."""

    def __init__(self, samples, first, last):
        self.first = first
        self.last = last
        self.breaks = list(breaks(samples, first, last))


def sounds(samples, silence_frames):
    """The stretches of sound, apart from each other by so much silence."""
    found, first, last = [], None, None
    block = CARD_RATE // 1000
    for start in range(0, len(samples), block):
        part = samples[start:start + block]
        if max(part) <= AUDIBLE and min(part) >= -AUDIBLE:
            if first is not None and start - last > silence_frames:
                found.append(Sound(samples, first, last))
                first = None
            continue
        audible = [start + index for index, sample in enumerate(part) if abs(sample) > AUDIBLE]
        first = audible[0] if first is None else first
        last = audible[-1]
    if first is not None:
        found.append(Sound(samples, first, last))
    return found


def breaks(samples, first, last):
    """Where the tone is not continued; its fades at the ends are left out."""
    turn = 2 * math.cos(2 * math.pi * TONE_HZ / CARD_RATE)
    edge = CARD_RATE // 50
    after = 0
    for index in range(first + edge, last - edge):
        expected = turn * samples[index - 1] - samples[index - 2]
        if index >= after and abs(samples[index] - expected) > CONTINUITY:
            yield index
            after = index + CARD_RATE // 100
