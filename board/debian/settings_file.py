"""The default settings, kiosk-agent.toml: every key with its default and meaning, from README.md's table."""
import re
import textwrap

from . import readme
from virtual.cache import Failure

HEAD = """\
# Settings of the voice kiosk. Every key stands here with its default, behind a #: take that off to change it.
# `kiosk-agent check --config /etc/kiosk-agent/kiosk-agent.toml` says what is wrong with them,
# `systemctl reload kiosk-agent` puts them in force. All about them: kiosk-agent.toml(5).
#
# Tools, out-of-band tasks and redactions are tables of their own at the end of the file: [[tool]],
# [[out_of_band_task]], [[redaction]]. The built-in prompts stand beside this file, conversation-prompt.txt and
# transcription-prompt.txt: to use your own version, change it there and name the file in instructions_file.
"""


def text():
    """All of it."""
    sections = {}
    for names, standard, meaning in readme.table("Settings", ["Key", "Default", "Meaning"]):
        paths = re.findall(r"`([^`]+)`", names)
        for path, value in zip(paths, values(standard, len(paths))):
            section, name = path.split(".")
            sections.setdefault(section, []).append((name, value, plain(meaning)))
    if not sections:
        raise Failure("README.md: Settings: the table has no rows")
    lines = [HEAD]
    for section, keys in sections.items():
        lines.append(f"[{section}]")
        former = None
        for name, value, meaning in keys:
            if meaning != former:
                lines += textwrap.wrap(meaning, 110, initial_indent="# ", subsequent_indent="# ")
            former = meaning
            lines.append(f"#{name} = {value}")
        lines.append("")
    return "\n".join(lines)


def values(standard, count):
    """The defaults as TOML. In backticks stands a text, or what TOML knows as something else; a number is itself; words
    ("none") tell what comes without the key, which "" does, too."""
    parts = standard.split(", ")
    for part in parts if len(parts) == count else [standard] * count:
        if re.fullmatch(r"-?[0-9.]+", part):
            yield part
        elif not part.startswith("`"):
            yield '""'
        else:
            inner = part.strip("`")
            yield inner if inner in ("true", "false", "[]", "{}") else f'"{inner}"'


def plain(meaning):
    """Without Markdown."""
    return re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", meaning).replace("`", "")
