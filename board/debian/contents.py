"""What is in the package: the tree below /, and the control files beside it."""
import email.utils
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

from virtual.cache import Failure

from . import executable, manual, settings_file
from .dependencies import RELEASES, run

HERE = pathlib.Path(__file__).parent
BOARD = HERE.parent
ROOT = BOARD.parent
DOCUMENTS = "usr/share/doc/kiosk-agent"
SCRIPTS = ("config", "postinst", "prerm", "postrm")

# From the repository into the tree, as they are.
FILES = {
    "systemd/kiosk-agent.service": "usr/lib/systemd/system/kiosk-agent.service",
    "systemd/kiosk-console@.service": "usr/lib/systemd/system/kiosk-console@.service",
    "systemd/kiosk-agent.sysusers": "usr/lib/sysusers.d/kiosk-agent.conf",
    "systemd/kiosk-agent.tmpfiles": "usr/lib/tmpfiles.d/kiosk-agent.conf",
    "systemd/60-kiosk-agent.rules": "usr/lib/udev/rules.d/60-kiosk-agent.rules",
    "Sources/Session/Resources/conversation-prompt.txt": "etc/kiosk-agent/conversation-prompt.txt",
    "Sources/Session/Resources/transcription-prompt.txt": "etc/kiosk-agent/transcription-prompt.txt",
    "board/debian/copyright": f"{DOCUMENTS}/copyright",
}
PROGRAMS = {"board/provision": "usr/sbin/kiosk-agent-provision"}
PAPERS = ("board/wiring.md", "board/wiring.svg", "board/walkthrough.md")


class Agent:
    """What the executable says of itself."""

    def __init__(self, path, libraries):
        self.path, self.libraries = path, libraries
        self.version = libraries.run(path, "--version").strip()
        self.commands = json.loads(libraries.run(path, "--experimental-dump-help"))
        self.completion = libraries.run(path, "--generate-completion-script", "bash")

    @property
    def package_version(self):
        """Of the next Debian release it is newer: so an upgrade of Debian finds it."""
        return f"{self.version}+deb{RELEASES[self.libraries.release]}"


class Tree:
    """A folder that is filled with what the package installs."""

    def __init__(self, folder):
        self.folder = folder

    def place(self, path):
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def write(self, path, contents, mode=0o644):
        place = self.place(path)
        place.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        place.chmod(mode)

    def copy(self, source, path, mode=0o644):
        try:
            self.write(path, (ROOT / source).read_bytes(), mode)
        except FileNotFoundError:
            raise Failure(f"{source}: no such file: wanted it for the package") from None

    def compress(self, path, contents):
        # Without name and time, so that the same contents are the same file.
        self.write(path + ".gz", gzip.compress(contents.encode(), 9, mtime=0))

    def files(self):
        return sorted(path for path in self.folder.rglob("*") if path.is_file() and "DEBIAN" not in path.parts)


def documents(tree, version, commands):
    """The manual pages and the default settings: all that is made from words."""
    for name, text in manual.pages(version, commands).items():
        tree.compress(f"usr/share/man/man{name[-1]}/{name}", text)
    tree.write("etc/kiosk-agent/kiosk-agent.toml", settings_file.text())


def fill(tree, agent):
    executable.install(agent.path, agent.libraries.architecture, tree.place("usr/bin/kiosk-agent"))
    for source, path in FILES.items():
        tree.copy(source, path)
    for source, path in PROGRAMS.items():
        tree.copy(source, path, 0o755)
    for source in PAPERS:
        tree.copy(source, f"{DOCUMENTS}/{pathlib.Path(source).name}")
    documents(tree, agent.version, agent.commands)
    tree.write("usr/share/bash-completion/completions/kiosk-agent", agent.completion)
    examples = BOARD / "examples"
    for source in sorted(path for path in examples.rglob("*") if path.is_file()):
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
        tree.copy(source, f"{DOCUMENTS}/examples/{source.relative_to(examples)}", mode)
    prompts = tree.place("usr/share/kiosk-agent/prompts")
    done = subprocess.run([BOARD / "make-prompts", prompts], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"board/make-prompts: {(done.stderr.strip().splitlines() or ['failed'])[0]}")
    tree.compress(f"{DOCUMENTS}/changelog", changelog(agent))


def changelog(agent):
    """Its newest entry is the version of the executable; here it is that of the package."""
    text = (HERE / "changelog").read_text()
    found = re.match(r"kiosk-agent \(([^)]+)\)", text)
    if not found or found.group(1) != agent.version:
        raise Failure(f"board/debian/changelog: its newest entry is {found and found.group(1)}: wanted "
                      f"{agent.version}, the version of the executable")
    text = text.replace(f"({agent.version})", f"({agent.package_version})", 1)
    return text.replace("@MAINTAINER@", maintainer())


def maintainer():
    """Debian's own variables say who makes the package."""
    name = os.environ.get("DEBFULLNAME", "kiosk-agent maintainers")
    address = os.environ.get("DEBEMAIL", "kiosk-agent@example.org")
    return email.utils.formataddr((name, address))


def control(tree, agent):
    """The folder DEBIAN."""
    files = tree.files()
    depends = agent.libraries.depends(tree.folder / "usr/bin/kiosk-agent") + interpreters(tree, files)
    tree.write("DEBIAN/control", filled((HERE / "control").read_text(), {
        "VERSION": agent.package_version, "ARCHITECTURE": agent.libraries.architecture, "MAINTAINER": maintainer(),
        "SIZE": str(sum((file.stat().st_size + 1023) // 1024 for file in files)),
        "DEPENDS": ", ".join(depends)}))
    for name in SCRIPTS:
        tree.copy(f"board/debian/{name}", f"DEBIAN/{name}", 0o755)
    tree.copy("board/debian/templates", "DEBIAN/templates")
    names = [file.relative_to(tree.folder) for file in files]
    # Those in /etc: what an administrator changes in them is kept.
    tree.write("DEBIAN/conffiles", "".join(f"/{name}\n" for name in names if name.parts[0] == "etc"))
    tree.write("DEBIAN/md5sums", "".join(
        f"{hashlib.md5(file.read_bytes()).hexdigest()}  {name}\n"
        for file, name in zip(files, names) if name.parts[0] != "etc"))


def interpreters(tree, files):
    """What the package's own programs need that are not the executable; shells are always there."""
    programs = [file for file in files if file.relative_to(tree.folder).parts[:2] in (("usr", "bin"), ("usr", "sbin"))]
    heads = [file.read_bytes().split(b"\n", 1)[0] for file in programs]
    return ["python3"] if any(re.match(rb"#!.*\bpython3$", head) for head in heads) else []


def filled(text, values):
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    if left := re.search(r"@[A-Z]+@", text):
        raise Failure(f"board/debian/control: {left.group()}: nothing is known for it")
    return text


def pack(tree, target):
    """The same contents are the same package: every time is that of the last commit."""
    folders = [path for path in tree.folder.rglob("*") if path.is_dir()]
    for folder in (tree.folder, *folders):
        folder.chmod(0o755)
    git = shutil.which("git") and subprocess.run(
        ["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True).stdout.strip()
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or git or "0"
    for path in tree.folder.rglob("*"):
        os.utime(path, (int(epoch), int(epoch)), follow_symlinks=False)
    environment = dict(os.environ, SOURCE_DATE_EPOCH=epoch)
    run("dpkg-deb", "--root-owner-group", "-Zxz", "-z9", "--build", tree.folder, target, env=environment)
