"""Debian packages of any release, fetched and unpacked without touching this machine's own apt.

A private apt state (lists, no installed packages) is kept in the cache. Mirrors, proxies and keys are those of this
machine's apt; checksums are apt's: from lists that are signed.
"""
import hashlib
import os
import re
import subprocess
import urllib.parse

from . import cache

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR = "http://deb.debian.org/debian"
APT_HELPER = "/usr/lib/apt/apt-helper"


class Archive:
    """One Debian release for one architecture, with its security updates.

    archive = Archive("bookworm", "amd64"); archive.update()
    archive.newest("linux-image-amd64")         -> "6.1.192-2"
    archive.depends("linux-image-amd64")        -> ["linux-image-6.1.0-56-amd64"]
    archive.closure("busybox", ...)             -> ["busybox", "libc6", ...]: with all that they depend on
    archive.fetch("busybox-static", ...)        -> {"busybox-static": Path of the .deb, ...}, from the cache if there
    """

    def __init__(self, release, architecture="amd64"):
        self.release, self.architecture = release, architecture
        self.folder = cache.folder() / f"apt-{release}-{architecture}"
        self.packages = cache.folder() / "packages"
        self.environment = dict(os.environ, APT_CONFIG=str(self.folder / "apt.conf"), LC_ALL="C")

    def update(self):
        """Fetches the lists. Needs the network; waits for another that does the same."""
        for name in ("lists/partial", "cache/archives/partial", "state", "etc"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.packages.mkdir(exist_ok=True)
        (self.folder / "state/status").touch()
        mirror, security = mirrors()
        signed = f"deb [signed-by={KEYRING}]"
        (self.folder / "etc/sources.list").write_text(
            f"{signed} {mirror} {self.release} main\n"
            f"{signed} {mirror} {self.release}-updates main\n"
            f"{signed} {security} {self.release}-security main\n")
        (self.folder / "apt.conf").write_text("\n".join(settings(self.folder, self.architecture)) + "\n")
        with cache.locked(self.folder.name):
            self.apt("apt-get", "update", "-qq", "--error-on=any")

    def apt(self, *command):
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            wrong = [line for line in done.stderr.splitlines() if line.startswith(("E:", "Err"))]
            raise cache.Failure(f"apt: {' '.join(command[:3])}: {(wrong or [done.stderr.strip()])[0]}")
        return done.stdout

    def show(self, package):
        """The newest version's stanza."""
        text = self.apt("apt-cache", "show", "--no-all-versions", package)
        return dict(re.findall(r"^([A-Za-z0-9-]+): (.*)$", text, re.MULTILINE))

    def newest(self, package):
        return self.show(package)["Version"]

    def depends(self, package):
        """The names of what it depends on, without versions; of alternatives the first."""
        words = self.show(package).get("Depends", "")
        return [re.split(r"[ |(:]", word.strip())[0] for word in words.split(",") if word.strip()]

    def closure(self, *names):
        """The names of these packages and of all that must be there for them, as apt would install them."""
        lines = self.apt("apt-get", "install", "--yes", "--no-install-recommends", "--print-uris", *names).splitlines()
        return sorted({urllib.parse.unquote(line.split()[1]).split("_")[0] for line in lines if line.startswith("'")})

    def fetch(self, *names, lock=None):
        """Downloads what is not in the cache yet. A package that an interruption left in half is continued: apt-helper
        ends by itself in order, or finishes, and holds `lock` until then."""
        files = {}
        for line in self.apt("apt-get", "download", "--print-uris", *names).splitlines():
            uri, name, size, digest = line.split()
            name = urllib.parse.unquote(name)
            file = self.packages / name
            files[name.split("_")[0]] = file
            kind, digest = digest.split(":", 1)
            if whole(file, int(size), kind, digest):
                continue
            cache.say(f"downloading {name} ({int(size) / 1e6:.1f} MB)")
            partial = file.with_name(file.name + ".partial")
            done = subprocess.run(
                [APT_HELPER, "download-file", uri.strip("'"), str(partial), f"{kind}:{digest}"],
                env=self.environment, capture_output=True, text=True, pass_fds=[] if lock is None else [lock])
            if done.returncode != 0:
                raise cache.Failure(f"apt: {name}: {done.stderr.strip() or done.stdout.strip()}")
            partial.rename(file)
        return files


def whole(file, size, kind, digest):
    if not file.exists() or file.stat().st_size != size:
        return False
    return hashlib.new(kind.lower(), file.read_bytes()).hexdigest() == digest


def unpack(packages, folder, but=()):
    """Extracts the packages, but not what the patterns `but` name; no maintainer script runs."""
    without = [f"--exclude={pattern}" for pattern in but]
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as contents:
            subprocess.run(["tar", "--extract", "--keep-directory-symlink", "--no-same-owner", *without, "-C", folder],
                           stdin=contents.stdout, check=True)
        if contents.returncode != 0:
            raise cache.Failure(f"{package}: not unpacked: dpkg-deb ended with {contents.returncode}")


def mirrors():
    """Where this machine's apt gets Debian and its security updates from."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], capture_output=True, text=True)
    known = sorted({uri.rstrip("/") for uri in done.stdout.split()})
    mirror = next((uri for uri in known if uri.endswith("/debian")), MIRROR)
    security = next((uri for uri in known if uri.endswith("debian-security")), MIRROR + "-security")
    return mirror, security


def settings(folder, architecture="amd64"):
    """apt.conf: this machine's ways to the network, everything else our own, and none of its hooks."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout.splitlines()
    kept = [line for line in dump if line.startswith("Acquire::") and not line.startswith("Acquire::IndexTargets")]
    return kept + [
        f'Dir::State "{folder}/state";',
        f'Dir::State::Lists "{folder}/lists";',
        f'Dir::State::status "{folder}/state/status";',
        f'Dir::Cache "{folder}/cache";',
        f'Dir::Etc::sourcelist "{folder}/etc/sources.list";',
        'Dir::Etc::sourceparts "/dev/null";',
        'Dir::Etc::main "/dev/null";',
        'Dir::Etc::parts "/dev/null";',
        'Dir::Etc::preferences "/dev/null";',
        'Dir::Etc::preferencesparts "/dev/null";',
        f'APT::Architecture "{architecture}";',
        f'APT::Architectures {{ "{architecture}"; }};',
        'APT::Sandbox::User "";',
        'Acquire::Languages "none";',
    ]
