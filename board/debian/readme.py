"""README.md as sections of blocks: what the manual pages and the default settings are made from."""
import dataclasses
import pathlib
import re

from virtual.cache import Failure

README = pathlib.Path(__file__).parent.parent.parent / "README.md"


@dataclasses.dataclass
class Block:
    """`kind` is text, code, table, list, steps or heading; `content` a string, for the middle four its rows."""
    kind: str
    content: object


def sections():
    """The blocks of each `## TITLE`, by title; "" is what stands before the first."""
    found = {}
    title, lines = "", []
    is_code = False
    for line in README.read_text().splitlines():
        is_code ^= line.startswith("```")
        if line.startswith("## ") and not is_code:
            found[title] = blocks(lines)
            title, lines = line[3:], []
        else:
            lines.append(line)
    found[title] = blocks(lines)
    return found


def section(title):
    try:
        return sections()[title]
    except KeyError:
        raise Failure(f"README.md: no section {title!r}: wanted it for a manual page") from None


def blocks(lines):
    found = []
    lines = list(lines)
    while lines:
        line = lines[0]
        if not line:
            del lines[0]
        elif line.startswith("```"):
            end = next(index for index in range(1, len(lines)) if lines[index].startswith("```"))
            found.append(Block("code", lines[1:end]))
            del lines[:end + 1]
        elif line.startswith("#"):
            found.append(Block("heading", line.lstrip("# ")))
            del lines[0]
        elif line.startswith("|"):
            found.append(Block("table", [cells(row) for row in run(lines, r"\|")]))
        elif re.match(r"- |\d+\. ", line):
            kind = "list" if line.startswith("- ") else "steps"
            text = "\n".join(run(lines, r"\S|  "))
            items = re.split(r"(?:^|\n)(?:- |\d+\. )", text)[1:]
            found.append(Block(kind, [re.sub(r"\s*\n\s*", " ", item) for item in items]))
        else:
            found.append(Block("text", " ".join(run(lines, r"[^\s|`#-]|`[^`]|-[^ ]"))))
    return found


def run(lines, pattern):
    """Takes the first line off `lines`, and those after it that fit."""
    taken = [lines.pop(0)]
    while lines and re.match(pattern, lines[0]):
        taken.append(lines.pop(0))
    return taken


def cells(row):
    """Of `| a | b |`; the bar may stand in code, as in `a|b`, without spaces around it."""
    return [cell.strip() for cell in re.split(r"(?:^|\s)\|(?:\s|$)", row.strip()) if cell.strip()]


def table(title, heads):
    """The rows of the section's table with these heads, without the heads and the line below them."""
    for block in section(title):
        if block.kind == "table" and block.content[0] == heads:
            return block.content[2:]
    raise Failure(f"README.md: {title}: no table with {' | '.join(heads)}")
