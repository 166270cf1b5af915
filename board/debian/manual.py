"""The manual pages: sections of README.md, and what the executable says of its commands and options."""
import ast
import pathlib
import re

from . import readme

PROVISION = pathlib.Path(__file__).parent.parent / "provision"
EXAMPLES = "/usr/share/doc/kiosk-agent/examples/"

# Name and section, one line about it, and the sections it is made of. OPTIONS are the executable's own words, HELP
# those of board/provision.
OPTIONS, HELP = object(), object()
PAGES = {
    ("kiosk-agent", 1): (
        "a voice kiosk: a button, a microphone, a loudspeaker and a Realtime server",
        ["", "Commands", OPTIONS, "As a service", "Serial console", "Console", "Troubleshooting"]),
    ("kiosk-agent.toml", 5): (
        "settings of the voice kiosk",
        ["Settings", "Who ends a turn", "Budget", "Out-of-band tasks", "What is kept of what is said",
         "One conversation, several sessions", "Voice prompts", "Tools"]),
    ("kiosk-agent-journal", 5): (
        "the voice kiosk's journal: its entries, and how to read them",
        ["Journal"]),
    ("kiosk-agent-provision", 8): (
        "makes a kiosk of a fresh Raspberry Pi OS or Debian",
        [HELP, "From a bare Pi to the first spoken turn"]),
}
FILES = """\
.SH FILES
.TP
.I /etc/kiosk-agent/kiosk-agent.toml
Settings, \\fBkiosk-agent.toml\\fR(5).
.TP
.I /etc/credstore/openai-api-key
The API key, for root only.
.TP
.I /var/lib/kiosk-agent/journal
The journal, \\fBkiosk-agent-journal\\fR(5).
.TP
.I /usr/share/kiosk-agent/prompts
The voice prompts.
.TP
.I /usr/share/doc/kiosk-agent/examples
Settings with tools and out-of-band tasks.
"""


def pages(version, commands):
    """`{"kiosk-agent.1": TEXT, ...}`. `commands` is what the executable answers to --experimental-dump-help."""
    return {f"{name}.{number}": page(name, number, version, commands) for name, number in PAGES}


def page(name, number, version, commands):
    what, titles = PAGES[name, number]
    lines = [f'.TH {name.upper()} {number} "" "kiosk-agent {version}"', ".SH NAME", f"{escaped(name)} \\- {what}"]
    if number == 1:
        lines += [".SH SYNOPSIS", ".nf", *synopsis(commands["command"]), ".fi"]
    for title in titles:
        if title is OPTIONS:
            lines += options(commands["command"])
            continue
        if title is HELP:
            lines += provision_help()
            continue
        lines.append(f".SH {escaped(title.upper()) or 'DESCRIPTION'}")
        for block in readme.section(title):
            # What these two draw is the whole of README.md, and SYNOPSIS.
            if block.kind != "code" or title not in ("", "Commands"):
                lines += roff(block, (name, number))
    lines.append(FILES.rstrip())
    others = [f"\\fB{escaped(other)}\\fR({at})" for other, at in PAGES if (other, at) != (name, number)]
    lines += [".SH SEE ALSO", ",\n".join(others)]
    return "\n".join(lines) + "\n"


def roff(block, page):
    if block.kind == "heading":
        # The title of README.md itself stands in NAME already.
        return [] if block.content == "kiosk-agent" else [f".SS {escaped(block.content)}"]
    if block.kind == "text":
        return [".PP", inline(block.content, page)]
    if block.kind == "code":
        return [".PP", ".nf", ".RS 4", *(at_line(escaped(line)) for line in block.content), ".RE", ".fi"]
    if block.kind == "list":
        return [line for item in block.content for line in (".IP \\(bu 2", inline(item, page))]
    if block.kind == "steps":
        return [line for number, item in enumerate(block.content, 1)
                for line in (f".IP {number}. 4", inline(item, page))]
    lines = []
    for first, *others in block.content[2:]:
        lines += [".TP", inline(first, page)]
        # Of three columns the middle one is the default.
        text = others[0] if len(others) == 1 else f"{others[1]}. Default: {others[0]}."
        lines.append(inline(text, page))
    return lines


def inline(text, page):
    """One paragraph's text: code and emphasis bold, links by their words."""
    parts = re.split(r"(`[^`]+`)", re.sub(r"\[([^]]+)\]\(([^)]*)\)", lambda link: words(link, page), text))
    lines = "".join(f"\\fB{escaped(part[1:-1])}\\fR" if part.startswith("`") and len(part) > 1
                    else re.sub(r"\*\*([^*]+)\*\*", r"\\fB\1\\fR", escaped(part)) for part in parts)
    return at_line(lines)


def words(link, page):
    """What stands for `[TEXT](TARGET)`."""
    text, target = link.groups()
    if target.startswith("http"):
        return f"{text} ({target})"
    if target.startswith("board/examples/"):
        return "`" + EXAMPLES + target.removeprefix("board/examples/") + "`"
    for (name, number), (_, titles) in PAGES.items():
        known = [title for title in titles if isinstance(title, str)]
        known += [block.content for title in known for block in readme.section(title) if block.kind == "heading"]
        if target[1:] in [re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-") for title in known]:
            return text if (name, number) == page else f"{text} in {name}({number})"
    return text


def synopsis(command):
    return [f"\\fBkiosk\\-agent\\fR {escaped(usage(leaf, names))}".rstrip() for names, leaf in leaves(command)]


def options(command):
    lines = [".SH OPTIONS", ".TP", ".B \\-\\-version", "Show the version.", ".TP", ".B \\-\\-help", "Show help."]
    for names, leaf in leaves(command):
        lines += [f".SS kiosk\\-agent {escaped(' '.join(names))}", at_line(escaped(leaf["abstract"]))]
        for argument in arguments(leaf):
            lines += [".TP", ".B " + escaped(shown(argument)), at_line(escaped(argument.get("abstract", "")))]
    return lines


def provision_help():
    """As `kiosk-agent-provision --help` shows it."""
    text = ast.get_docstring(ast.parse(PROVISION.read_text())).replace("    provision ", "    kiosk-agent-provision ")
    return [".SH DESCRIPTION", ".nf", *(at_line(escaped(line)) for line in text.splitlines()), ".fi"]


def leaves(command, names=()):
    """Each command that does something, with its names below `kiosk-agent`."""
    under = [each for each in command.get("subcommands", []) if each["commandName"] != "help"]
    if not under:
        return [(names, command)]
    return [leaf for each in under for leaf in leaves(each, (*names, each["commandName"]))]


def arguments(leaf):
    """Its own: not those that every command has."""
    return [each for each in leaf.get("arguments", []) if each.get("valueName") not in ("help", "version")
            and each.get("shouldDisplay", True)]


def shown(argument):
    """`--config <file>`, `-f, --follow`, `<turn>`."""
    value = f"<{argument.get('valueName', '')}>"
    if argument["kind"] == "positional":
        return value
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    return ", ".join(sorted(names, key=len)) + (f" {value}" if argument["kind"] == "option" else "")


def usage(leaf, names):
    words_shown = []
    for each in arguments(leaf):
        word = shown(each).split(", ")[-1] + (" ..." if each.get("isRepeating") else "")
        words_shown.append(f"[{word}]" if each.get("isOptional") else word)
    return " ".join([*names, *words_shown])


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return text.replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti")


def at_line(text):
    """A dot or an apostrophe at the beginning of a line would be a command."""
    return "\\&" + text if text.startswith((".", "'")) else text
