"""The Realtime session that the measured agent talks to: what is said is scripted, nothing of it is understood."""
import base64
import json
import random
import time

RATE = 24_000
CREATED_MS = 50
FIRST_DELTA_MS = 400
BUILT_IN_MS = 700
PACE = 6
WORDS = "A tone, for as long as it takes to measure a minute of answers in three parts that are all the same."


def event(kind, **members):
    return json.dumps({"type": kind, **members}, separators=(",", ":")).encode()


def deltas(pcm):
    """(ms after the first, base64) of an answer at `PACE` times real time; uneven pieces, as the service sends."""
    generator = random.Random(7)
    sent, pieces = 0, []
    while sent < len(pcm):
        ms = generator.uniform(50, 100) if sent == 0 else generator.uniform(200, 400)
        end = min(sent + 2 * round(ms * RATE / 1000), len(pcm))
        pieces.append((sent / 2 / RATE * 1000 / PACE, base64.b64encode(pcm[sent:end])))
        sent = end
    return pieces


class Session:
    """Takes a client's events, and hands out (ms from now, key, event) to be sent.

    Items of `key` are dropped when a response is cancelled. `notes` holds what happened: (ns, what).
    """

    def __init__(self, pcm, schedule, drop):
        self.deltas = deltas(pcm)
        self.schedule = schedule
        self.drop = drop
        self.number = 0
        self.previous = None
        self.active = None
        self.notes = []
        self.appends = []

    def note(self, what, ns=None):
        self.notes.append((ns or time.monotonic_ns(), what))

    def open(self):
        self.schedule(0, None, event("session.created", event_id="event_0", session=self.session()))

    def session(self):
        return {
            "type": "realtime", "object": "realtime.session", "id": "sess_Bench0000000000000000",
            "model": "gpt-realtime-2.1", "output_modalities": ["audio"], "instructions": "", "tools": [],
            "tool_choice": "auto", "max_output_tokens": "inf", "tracing": None, "truncation": "auto", "prompt": None,
            "expires_at": int(time.time()) + 3600, "include": None,
            "audio": {"input": {"format": {"type": "audio/pcm", "rate": RATE}, "transcription": None,
                                "noise_reduction": None, "turn_detection": None},
                      "output": {"format": {"type": "audio/pcm", "rate": RATE}, "voice": "marin", "speed": 1.0}}}

    def receive(self, text, ns):
        # Appends are only kept: reading them may wait until the measurement is over.
        if b'"input_audio_buffer.append"' in text[:200] or text.endswith(b'"input_audio_buffer.append"}'):
            self.appends.append((ns, text))
            return
        said = json.loads(text)
        kind = said["type"]
        self.note(kind, ns)
        if kind == "session.update":
            self.schedule(0, None, event("session.updated", event_id="event_1", session=self.session()))
        elif kind == "input_audio_buffer.clear":
            self.schedule(0, None, event("input_audio_buffer.cleared"))
        elif kind == "input_audio_buffer.commit":
            self.commit()
        elif kind == "response.create":
            self.transcribe(said) if said["response"].get("conversation") == "none" else self.answer()
        elif kind == "response.cancel":
            self.cancel()
        elif kind == "conversation.item.truncate":
            self.schedule(40, None, event(
                "conversation.item.truncated", item_id=said["item_id"], content_index=0,
                audio_end_ms=said["audio_end_ms"]))
        elif kind == "conversation.item.delete":
            self.schedule(0, None, event("conversation.item.deleted", item_id=said["item_id"]))

    def commit(self):
        self.number += 1
        item = f"item_User{self.number:017}"
        said = {"id": item, "type": "message", "status": "completed", "role": "user",
                "content": [{"type": "input_audio", "transcript": None}]}
        before, self.previous = self.previous, item
        self.schedule(0, None, event("input_audio_buffer.committed", previous_item_id=before, item_id=item))
        self.schedule(0, None, event("conversation.item.added", previous_item_id=before, item=said))
        self.schedule(0, None, event("conversation.item.done", previous_item_id=before, item=said))
        of_item = {"item_id": item, "content_index": 0}
        for word in WORDS.split(" "):
            self.schedule(BUILT_IN_MS, None, event(
                "conversation.item.input_audio_transcription.delta", **of_item, delta=word + " ", obfuscation="xyz"))
        usage = {"type": "tokens", "total_tokens": 112, "input_tokens": 90, "output_tokens": 22,
                 "input_token_details": {"text_tokens": 0, "audio_tokens": 90}}
        self.schedule(BUILT_IN_MS, None, event(
            "conversation.item.input_audio_transcription.completed", **of_item, transcript=WORDS, usage=usage))

    def response(self, identifier, is_audio, metadata, status="in_progress", output=(), details=None):
        usage = None if status == "in_progress" else {
            "total_tokens": 700, "input_tokens": 500, "output_tokens": 200,
            "input_token_details": {"text_tokens": 300, "audio_tokens": 200, "image_tokens": 0, "cached_tokens": 64,
                                    "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0}},
            "output_token_details": {"text_tokens": 40, "audio_tokens": 160 if is_audio else 0}}
        return {"object": "realtime.response", "id": identifier, "status": status, "status_details": details,
                "output": list(output), "conversation_id": "conv_Bench0000000000000000" if is_audio else None,
                "output_modalities": ["audio" if is_audio else "text"], "max_output_tokens": "inf",
                "audio": {"output": {"format": {"type": "audio/pcm", "rate": RATE}, "voice": "marin"}},
                "usage": usage, "metadata": metadata}

    def transcribe(self, said):
        """The model's own transcript, asked for outside the conversation."""
        response, item = f"resp_Text{self.number:017}", f"item_Text{self.number:017}"
        metadata = said["response"].get("metadata")
        message = {"id": item, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        of_item = {"response_id": response, "output_index": 0}
        of_part = {**of_item, "item_id": item, "content_index": 0}
        self.schedule(CREATED_MS, None, event(
            "response.created", response=self.response(response, False, metadata)))
        at = CREATED_MS + 350
        self.schedule(at, None, event("response.output_item.added", **of_item, item=message))
        self.schedule(at, None, event("response.content_part.added", **of_part, part={"type": "text", "text": ""}))
        for word in WORDS.split(" "):
            at += 15
            self.schedule(at, None, event("response.output_text.delta", **of_part, delta=word + " "))
        part = {"type": "text", "text": WORDS}
        message = {**message, "status": "completed", "content": [part]}
        self.schedule(at, None, event("response.output_text.done", **of_part, text=WORDS))
        self.schedule(at, None, event("response.content_part.done", **of_part, part=part))
        self.schedule(at, None, event("response.output_item.done", **of_item, item=message))
        self.schedule(at, None, event(
            "response.done", response=self.response(response, False, metadata, "completed", [message])))

    def answer(self):
        at = CREATED_MS + FIRST_DELTA_MS
        response, of_part, head = self.begin_answer(at)
        words = WORDS.split(" ")
        for number, (ms, delta) in enumerate(self.deltas):
            self.schedule(at + ms, response, head + delta + b'"}', "first delta" if number == 0 else None)
            if number < len(words):
                self.schedule(at + ms, response, event(
                    "response.output_audio_transcript.delta", **of_part, delta=words[number] + " "))
        self.schedule(at + self.deltas[-1][0] + 10, response, lambda: self.end("completed"))

    def begin_answer(self, at):
        """Announces an answer whose first delta is to come at `at` ms: its id, its part, what a delta begins with."""
        response, item = f"resp_Audio{self.number:016}", f"item_Audio{self.number:016}"
        before, self.previous, self.active = self.previous, item, (response, item)
        message = {"id": item, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        of_item = {"response_id": response, "output_index": 0}
        of_part = {**of_item, "item_id": item, "content_index": 0}
        self.schedule(CREATED_MS, response, event("response.created", response=self.response(response, True, None)))
        self.schedule(at - 5, response, event("response.output_item.added", **of_item, item=message))
        self.schedule(at - 5, response, event("conversation.item.added", previous_item_id=before, item=message))
        self.schedule(at - 5, response, event(
            "response.content_part.added", **of_part, part={"type": "audio", "transcript": ""}))
        head = event("response.output_audio.delta", event_id="event_Delta000000000000", **of_part)[:-1]
        return response, of_part, head + b',"delta":"'

    def cancel(self):
        if self.active:
            self.drop(self.active[0])
            self.end("cancelled")

    def end(self, status):
        (response, item), self.active = self.active, None
        of_item = {"response_id": response, "output_index": 0}
        of_part = {**of_item, "item_id": item, "content_index": 0}
        part = {"type": "audio", "transcript": WORDS}
        message = {"id": item, "type": "message", "role": "assistant", "content": [{**part, "type": "output_audio"}],
                   "status": "completed" if status == "completed" else "incomplete"}
        details = None if status == "completed" else {"type": "cancelled", "reason": "client_cancelled"}
        self.schedule(0, None, event("response.output_audio.done", **of_part))
        self.schedule(0, None, event("response.output_audio_transcript.done", **of_part, transcript=WORDS))
        self.schedule(0, None, event("response.content_part.done", **of_part, part=part))
        self.schedule(0, None, event("conversation.item.done", previous_item_id=None, item=message))
        self.schedule(0, None, event("response.output_item.done", **of_item, item=message))
        self.schedule(0, None, event(
            "response.done", response=self.response(response, True, None, status, [message], details)))
        limit = {"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}
        self.schedule(40, None, event("rate_limits.updated", rate_limits=[limit]))
