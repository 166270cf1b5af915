"""The system board's root disk for arm64: Debian minbase with systemd, installed inside the board itself. Made once.

As debootstrap does it for another processor: here the packages are unpacked, so that there are programs to begin with;
then the board starts with that root, and dpkg installs all of them anew, with their maintainer scripts.
"""
import pathlib
import shutil
import subprocess

from . import bootstrap, cache, cross, disk, machine, packages, userland

SECOND_STAGE = pathlib.Path(__file__).parent / "system/second-stage"
# Of this machine's time; on two busy cores it takes a tenth of it.
LIMIT_S = 3000


def prepare(board, wanted, hook, start, size_mib):
    """The image, with the packages `wanted`; the script `hook` makes it the board's, `start` is its first program."""
    names = wanted + userland.RUNTIME
    key = cache.fingerprint(__file__, bootstrap.__file__, SECOND_STAGE, start, words=" ".join([hook, *names]))
    if found := cache.find("system-arm64", key):
        return found / "root.img"
    with cache.locked("system") as lock:
        if found := cache.find("system-arm64", key):
            return found / "root.img"
        path = cache.folder() / f"system-arm64-{board.architecture.release}-{key}"
        cache.say(f"preparing the system board: Debian {board.architecture.release} for arm64 with {', '.join(names)}")
        with cache.made(path) as folder:
            fill(board, folder / "root", names, lock)
            shutil.copy(start, folder / "root/usr/lib/board/start")
            (folder / "root/usr/lib/board/hook").write_text("#!/bin/sh\nset -- /\n" + hook)
            disk.make(folder / "root.img", size_mib, "-O", "^has_journal", contents=folder / "root")
            shutil.rmtree(folder / "root")
            install(board, folder)
        return path / "root.img"


def fill(board, root, names, lock):
    archive = packages.Archive(board.architecture.release, board.architecture.name)
    archive.update()
    files = archive.fetch(*archive.closure("?essential", *names), lock=lock)
    packages.unpack(files.values(), root, but=[f".{pattern}" for pattern in bootstrap.LEFT_OUT])
    cross.join_usr(root)
    waiting = root / "var/cache/board"
    waiting.mkdir(parents=True)
    for file in files.values():
        shutil.move(file, waiting / file.name)
    (root / "var/lib/dpkg").mkdir(parents=True, exist_ok=True)
    for name in ("status", "available"):
        (root / "var/lib/dpkg" / name).touch()
    for name in ("passwd", "group"):
        shutil.copy(root / f"usr/share/base-passwd/{name}.master", root / "etc" / name)
    (root / "etc/dpkg/dpkg.cfg.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/dpkg/dpkg.cfg.d/board").write_text(
        "force-unsafe-io\n" + "".join(f"path-exclude={pattern}\n" for pattern in bootstrap.LEFT_OUT))
    for name in ("proc", "sys", "dev", "run", "tmp", "mnt", "root", "etc/systemd/system", "usr/lib/board"):
        (root / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(SECOND_STAGE, root / "usr/lib/board/second-stage")
    (root / "usr/sbin/init").unlink(missing_ok=True)
    (root / "usr/sbin/init").symlink_to("/usr/lib/board/second-stage")


def install(board, folder):
    """Boots the image once, to install what it holds."""
    log = folder / "installation.log"
    log.touch()
    guest = machine.Machine(board, log, disk=folder / "root.img", snapshot=False)
    process = guest.start()
    try:
        process.wait(LIMIT_S)
    except subprocess.TimeoutExpired:
        raise cache.Failure(f"the system board: not installed within {LIMIT_S} s: {last_line(log)}") from None
    finally:
        process.kill()
        process.wait()
    if b"board: installed" not in log.read_bytes():
        kept = shutil.copy(log, cache.folder() / "installation.log")
        raise cache.Failure(f"the system board: not installed: {last_line(log)}; all of it: {kept}")


def last_line(log):
    return (log.read_text(errors="replace").strip().splitlines() or ["nothing was said"])[-1].strip()
