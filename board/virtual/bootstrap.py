"""A whole Debian of this machine's architecture, its packages configured: what mmdebstrap makes.

Needs root, or subordinate user ids and newuidmap (package uidmap).
"""
import os
import subprocess

from . import cache, packages

# Of every package, what nothing on a board reads.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


def make(release, names, folder, target, *options):
    """Writes minbase and the packages `names` to `target`, a path in `folder` or what `options` make of it."""
    # Without root it is a subordinate user that writes it, who has no right to write here but this one.
    folder.chmod(0o777)
    acquire = folder / "apt.conf"
    acquire.write_text("".join(f"{line}\n" for line in packages.settings("") if line.startswith("Acquire::")))
    mirror, security = packages.mirrors()
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=" + ",".join(names), f"--aptopt={acquire}",
               *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT), *options, release, target,
               f"deb {mirror} {release} main", f"deb {mirror} {release}-updates main",
               f"deb {security} {release}-security main"]
    environment = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        raise cache.Failure("missing: mmdebstrap: install it with: apt-get install mmdebstrap") from None
    if done.returncode != 0:
        wrong = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
        raise cache.Failure(f"mmdebstrap: {(wrong or done.stderr.splitlines() or ['no reason given'])[0]}")
    folder.chmod(0o755)
