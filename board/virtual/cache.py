"""The cache: folders that are made once, outside the checkout, under a name that carries what they were made from."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import sys


class Failure(Exception):
    """What went wrong, for the operator: subject first, and what to do about it."""


def say(words):
    """Progress goes to standard error: standard output belongs to the command that runs in the board."""
    print(words, file=sys.stderr, flush=True)


def folder():
    """`$XDG_CACHE_HOME/kiosk-agent`, made when it is not there."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(base, "kiosk-agent")
    path.mkdir(parents=True, exist_ok=True)
    return path


def fingerprint(*files, words=""):
    """Twelve hexadecimal digits that change with the contents of the files, or the words."""
    digest = hashlib.sha256(words.encode())
    for file in sorted(str(file) for file in files):
        digest.update(pathlib.Path(file).read_bytes() + b"\0")
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def locked(name):
    """Keeps two preparations apart. Gives the lock's descriptor: a child that inherits it holds the lock on."""
    with open(folder() / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def find(kind, key):
    """The whole folder `KIND-*-KEY`, or None."""
    found = sorted(path for path in folder().glob(f"{kind}-*-{key}") if path.is_dir())
    return found[-1] if found else None


@contextlib.contextmanager
def made(path):
    """A folder to fill; it gets its name `path` only when it is whole. What an interrupted one left is removed."""
    unfinished = path.with_name(path.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    yield unfinished
    unfinished.rename(path)


def clean():
    """Removes all of it; returns the exit status."""
    for path in sorted(folder().iterdir()):
        print(f"removing {path}")
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return 0
