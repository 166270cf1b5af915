"""Which Debian packages an executable needs, and from which version on: what dpkg-shlibdeps says of it, asked of the
libraries of one release and architecture, which need not be this machine's.

They are fetched and unpacked once into the cache: the libraries that belong to the packages the agent is built with.
The executable runs with nothing else, too, in qemu's user mode where it is of another architecture.
"""
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile
import time

from virtual import cache, packages
from virtual.cache import Failure

# Where Debian has the libraries that the agent is linked with; the library packages are what these depend on.
DEVELOPMENT = ["libasound2-dev", "libspeexdsp-dev", "libssl-dev", "libwslay-dev", "libgpiod-dev"]
BASE = ["libc6", "libstdc++6", "libgcc-s1"]
# How long lists of packages count as new: what is made again soon needs no network.
FRESH_S = 86_400
# Oldest first: what runs on the older is for the older.
RELEASES = {"bookworm": 12, "trixie": 13}
BOARD = pathlib.Path(__file__).parent.parent
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
MACHINES = {"Advanced Micro Devices X86-64": "amd64", "AArch64": "arm64"}


def architecture(executable):
    """Debian's name of what it is built for."""
    machine = re.search(r"Machine:\s+(.*)", run("readelf", "--file-header", executable))
    name = MACHINES.get(machine.group(1).strip()) if machine else None
    if name is None:
        raise Failure(f"{executable}: wanted an executable for {' or '.join(MACHINES.values())}")
    return name


def needed(executable):
    """The shared libraries that it names, without the loader."""
    names = re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "--dynamic", "--wide", executable))
    if not names:
        raise Failure(f"{executable}: names no shared libraries: wanted a dynamically linked executable")
    return [name for name in names if not name.startswith("ld-linux")]


class Libraries:
    """Those of one release and architecture, unpacked."""

    def __init__(self, release, architecture):
        self.release, self.architecture = release, architecture
        archive = packages.Archive(release, architecture)
        with cache.locked("libraries"):
            updated = archive.folder / "updated"
            if not updated.exists() or time.time() - updated.stat().st_mtime > FRESH_S:
                archive.update()
                updated.touch()
            names = [name for name in sorted({name for each in DEVELOPMENT for name in archive.depends(each)})
                     if not name.endswith("-dev")] + BASE
            files = archive.fetch(*names)
            key = cache.fingerprint(words=" ".join(file.name for file in files.values()))
            self.folder = (cache.find("libraries", key)
                           or self.unpack(files, cache.folder() / f"libraries-{release}-{architecture}-{key}"))

    @staticmethod
    def unpack(files, path):
        with cache.made(path) as folder:
            (folder / "packages").mkdir()
            for name, file in files.items():
                # With its control files, where dpkg-shlibdeps looks for them in a package that is being built.
                run("dpkg-deb", "--raw-extract", file, folder / "packages" / name)
                run("dpkg-deb", "--extract", file, folder / "root")
            # A merged /usr, whatever the packages think.
            for name in ("lib", "lib64"):
                if not (folder / "root" / name).exists():
                    (folder / "root" / name).symlink_to(f"usr/{name}")
        return path

    def missing(self, executable):
        """The shared libraries that the executable needs and this release does not have."""
        present = {path.name for path in self.folder.glob("packages/*/**/*.so*")}
        return [name for name in needed(executable) if name not in present]

    def depends(self, executable):
        """`["libc6 (>= 2.34)", ...]`"""
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder, "debian")
            place.mkdir()
            (place / "control").write_text("Source: kiosk-agent\n\nPackage: kiosk-agent\nArchitecture: any\n")
            where = [f"-S{path}" for path in sorted((self.folder / "packages").iterdir())]
            text = run("dpkg-shlibdeps", *where, "-O", pathlib.Path(executable).resolve(), cwd=folder,
                       env=dict(os.environ, DEB_HOST_ARCH=self.architecture, LC_ALL="C"))
        found = re.search(r"^shlibs:Depends=(.+)$", text, re.MULTILINE)
        if not found:
            raise Failure(f"{executable}: dpkg-shlibdeps: no dependencies found")
        return sorted(found.group(1).split(", "))

    def run(self, executable, *arguments):
        """What it prints when it runs with these libraries alone."""
        root = self.folder / "root"
        if self.architecture == MACHINE:
            loader = next(path for path in sorted(root.rglob("ld-linux-*.so.*")) if not path.is_symlink())
            where = ":".join(str(path) for path in sorted(root.rglob("*-linux-gnu")) if path.is_dir())
            command = [loader, "--library-path", where, executable]
        elif emulator := shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64"):
            command = [emulator, "-L", root, executable]
        else:
            command = [BOARD / "emulate-arm64", executable]
        return run(*command, *arguments)


def libraries_for(executable):
    """Of the oldest release that has everything the executable needs."""
    lacking = {}
    for release in RELEASES:
        libraries = Libraries(release, architecture(executable))
        lacking[release] = libraries.missing(executable) or too_new(libraries, executable)
        if not lacking[release]:
            return libraries
    words = "; ".join(f"{release} has no {', '.join(names)}" for release, names in lacking.items())
    raise Failure(f"{executable}: {words}: wanted an executable that was built for one of them")


def too_new(libraries, executable):
    """The symbol versions that it wants of a library and that this release's does not define."""
    wanted = {}
    library = None
    for line in run("readelf", "--version-info", "--wide", executable).splitlines():
        if found := re.search(r"File: (\S+)", line):
            library = found.group(1)
        elif (found := re.search(r"Name: (\S+) ", line)) and library:
            wanted.setdefault(library, set()).add(found.group(1))
    lacking = []
    for library, versions in wanted.items():
        file = next(iter(sorted(libraries.folder.glob(f"packages/*/**/{library}"))), None)
        if file is None:
            continue
        defined = run("readelf", "--version-info", "--wide", file)
        lacking += [f"{library} with {version}" for version in sorted(versions)
                    if not re.search(rf"Name: {re.escape(version)}\s*$", defined, re.MULTILINE)]
    return lacking


def run(*command, **options):
    """The standard output of a tool; what it is called when it fails."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    except FileNotFoundError:
        raise Failure(f"missing: {command[0]}: install it with: board/install-packages --package") from None
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()[0]
        raise Failure(f"{command[0]}: {command[-1]}: {reason}")
    return done.stdout
