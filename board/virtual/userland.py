"""The arm64 board's root for commands: a Debian 13 of unpacked packages, with what the test programs load.

No maintainer script runs: what they would make and the tests need is made here.
"""
import shutil

from . import cache, cross, packages

PACKAGES = [
    "base-files", "base-passwd", "bash", "coreutils", "dash", "diffutils", "findutils", "grep", "hostname", "mawk",
    "mount", "procps", "sed", "util-linux",
    # The visitor's mouth and ear, certificates, a look at GPIO lines; and the server of board/bench-audio.
    "alsa-utils", "openssl", "gpiod", "python3",
    # The tests' Swift.
    "libswiftlang",
]
# What the executables load.
RUNTIME = ["libasound2t64", "libgpiod3", "libspeexdsp1", "libssl3t64", "libstdc++6", "libwslay1"]
LEFT_OUT = ("./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", f"./{cross.SWIFT}/lib/swift/host/*")


def make(archive, folder, lock):
    """Fills `folder` with packages of `archive`."""
    cache.say("preparing the board: its Debian")
    files = archive.fetch(*archive.closure(*PACKAGES, *RUNTIME), lock=lock)
    packages.unpack(files.values(), folder, but=LEFT_OUT)
    cross.join_usr(folder)
    for name in ("passwd", "group"):
        shutil.copy(folder / f"usr/share/base-passwd/{name}.master", folder / "etc" / name)
    (folder / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    (folder / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (folder / "usr/bin/awk").symlink_to("mawk")
    for name in ("proc", "sys", "dev", "run", "tmp", "root"):
        (folder / name).mkdir(exist_ok=True)
    for file in files.values():
        file.unlink()
