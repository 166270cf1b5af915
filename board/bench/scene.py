"""What is said and answered in a measurement: the microphone's sound with its markers, the answer, the timetable."""
import array
import json
import math
import os
import random
import wave

from . import signals

SAMPLES = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "Sources", "realtime-simulator",
                       "Samples")
CARD_RATE = 48_000
SPEECH_RATE = 24_000
# Time to start the agent and reach the server before the first press.
LEAD_MS = 6_000
# After the release: 200 ms of tail, the commit, and what the server takes to its first delta (session.py).
ANSWER_AFTER_MS = 700
SPEECH_PEAK = 9_000
ROOM_PEAK = 30


def conversation(turns=3, speech_ms=9_000, answer_ms=9_000):
    """Three turns of 9 s of speech and 9 s of answer: a minute."""
    timetable = [{"press_ms": LEAD_MS + number * 20_000 + 500, "speech_ms": speech_ms} for number in range(turns)]
    return timetable, answer_ms, LEAD_MS + turns * 20_000


def interruptions(presses=40, speech_ms=600):
    """Short turns; each answer but the last is cut off by the next press."""
    generator = random.Random(3)
    timetable, at = [], LEAD_MS + 500
    for _ in range(presses):
        timetable.append({"press_ms": at, "speech_ms": speech_ms})
        # Any phase of the card's periods and of the kernel's tick.
        at += speech_ms + 100 + ANSWER_AFTER_MS + generator.uniform(400, 1_400)
    return timetable, 9_000, at + 12_000


def idle(minutes=2):
    """Nobody comes."""
    return [], 1_000, LEAD_MS + minutes * 60_000


def quiet(minutes):
    """Nobody presses; ten seconds of what the microphone hears are said again and again."""
    return [], 1_000, LEAD_MS + round(minutes * 60_000), 10_000


def write(folder, timetable, answer_ms, end_ms, said_ms=None):
    """Writes said.raw (48 kHz stereo), answer.raw (24 kHz mono) and scene.json."""
    said = room(said_ms or end_ms)
    generator = random.Random(5)
    markers = []
    for turn in timetable:
        turn["release_ms"] = turn["press_ms"] + turn["speech_ms"] + 100
        start = frames(turn["press_ms"] + 50)
        words = speech(turn["speech_ms"] - 50)
        said[start:start + len(words)] = words
        # The first is well after the pre-roll that a press sends at once.
        at = start + frames(400)
        while at < frames(turn["press_ms"] + turn["speech_ms"]):
            said[at:at + len(signals.MARKER)] = signals.MARKER
            markers.append(at)
            at += generator.randrange(frames(130), frames(180))
    stereo = array.array("h", bytes(4 * len(said)))
    stereo[0::2] = said
    stereo[1::2] = said
    with open(os.path.join(folder, "said.raw"), "wb") as file:
        file.write(stereo.tobytes())
    with open(os.path.join(folder, "answer.raw"), "wb") as file:
        file.write(signals.tone(SPEECH_RATE, answer_ms).tobytes())
    with open(os.path.join(folder, "scene.json"), "w") as file:
        json.dump({"turns": timetable, "markers": markers, "end_ms": end_ms, "lead_ms": LEAD_MS}, file)


def frames(ms):
    return round(ms * CARD_RATE / 1000)


def room(ms):
    """A quiet room: no digital silence."""
    generator = random.Random(1)
    second = array.array("h", (generator.randint(-ROOM_PEAK, ROOM_PEAK) for _ in range(CARD_RATE)))
    return (second * math.ceil(ms / 1000))[:frames(ms)]


def speech(ms):
    """The shipped utterances one after the other, at the card's rate and below the markers."""
    words = array.array("h")
    with open(os.path.join(SAMPLES, "samples.json")) as file:
        names = [utterance["file"] for utterance in json.load(file) if "text" in utterance and utterance["file"]]
    while len(words) * 1000 < ms * SPEECH_RATE:
        for name in names:
            with wave.open(os.path.join(SAMPLES, name)) as file:
                words.frombytes(file.readframes(file.getnframes()))
    words = words[:ms * SPEECH_RATE // 1000]
    gain = SPEECH_PEAK / max(map(abs, words))
    doubled = array.array("h", bytes(4 * len(words)))
    doubled[0::2] = array.array("h", (round(sample * gain) for sample in words))
    doubled[1::2] = array.array(
        "h", (round((one + other) * gain / 2) for one, other in zip(words, words[1:] + words[-1:])))
    return doubled
