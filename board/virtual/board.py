"""The prepared board: a folder with `kernel` and `initramfs`, on arm64 also `system`, its root; made once.

The kernel is that of one Debian release, whatever this machine runs: so the board is the same everywhere. For amd64 of
Debian 12, whose tools of linux-kbuild run on Debian 12 and later (those of Debian 13 want its C library); for arm64
everything is Debian 13's, the tools included (cross.py).
The newest point release is found by the dependency of linux-image-ARCHITECTURE.
"""
import pathlib
import shutil
import subprocess
import sys

from . import cache, cross, initramfs, kernel, kernel_source, packages, userland
from .architecture import AMD64

HERE = pathlib.Path(__file__).parent
RECIPE = [HERE / f"{name}.py" for name in (
    "architecture", "board", "cross", "initramfs", "kernel", "kernel_source", "packages", "userland")]

# The device tree of a machine that qemu has, too; arm64's kernel package holds it.
RASPBERRY = "broadcom/bcm2837-rpi-3-b.dtb"


class Board:
    """Paths of a prepared board."""

    def __init__(self, architecture, folder):
        self.architecture = architecture
        self.folder = folder
        self.kernel = folder / "kernel"
        self.initramfs = folder / "initramfs"
        # The root of commands; None where it is this machine's.
        self.system = folder / "system" if (folder / "system").exists() else None

    def __str__(self):
        return str(self.folder)


def prepare(architecture=AMD64):
    """The board, made when it is not there yet. Without anything to do it takes no time and no network."""
    install_tools(architecture)
    key = cache.fingerprint(*RECIPE, *initramfs.GUEST.iterdir(), words=architecture.name)
    if found := cache.find("board", key):
        return Board(architecture, found)
    tools = None if architecture is AMD64 else cross.prepare()
    with cache.locked("board") as lock:
        if found := cache.find("board", key):
            return Board(architecture, found)
        return make(architecture, tools, key, lock)


def install_tools(architecture):
    """Has what is missing on this machine installed."""
    if all(shutil.which(tool) for tool in architecture.tools):
        return
    installer = HERE.parent / "install-packages"
    done = subprocess.run([installer, architecture.option], stdout=sys.stderr)
    missing = [tool for tool in architecture.tools if not shutil.which(tool)]
    if done.returncode != 0 or missing:
        raise cache.Failure(
            f"missing: {' '.join(missing)}: install with: board/install-packages {architecture.option}")


def make(architecture, tools, key, lock):
    name = architecture.name
    archive = packages.Archive(architecture.release, name)
    cache.say(f"preparing the board: the packages of {architecture.release} for {name}")
    archive.update()
    image_name = archive.depends(f"linux-image-{name}")[0]
    headers_name = archive.depends(f"linux-headers-{name}")[0]
    needed = [headers_name] + [each for each in archive.depends(headers_name) if "kbuild" not in each and
                               not each.startswith(("linux-compiler", "gcc"))]
    # Programs, and so this machine's.
    kbuild = next(each for each in archive.depends(headers_name) if "kbuild" in each)
    source_name = archive.depends("linux-source")[0]
    programs = archive if architecture is AMD64 else packages.Archive(architecture.release)
    programs.update()
    files = archive.fetch(image_name, "busybox-static", source_name, *needed, lock=lock)
    built_with = programs.fetch(kbuild, "libelf1" if architecture is AMD64 else "libelf1t64", lock=lock)
    version = image_name.removeprefix("linux-image-").removesuffix(f"-{name}")
    path = cache.folder() / f"board-{name}-{version}-{key}"
    with cache.made(path) as folder:
        cache.say("preparing the board: kernel modules")
        scratch = folder / "scratch"
        (scratch / "source").mkdir(parents=True)
        kernel_source.extract(files[source_name], scratch / "source")
        packages.unpack([*(files[each] for each in needed), *built_with.values()], scratch / "headers")
        built = kernel_source.build(scratch / "source", scratch / "headers", name, tools)
        cache.say("preparing the board: kernel and initramfs")
        packages.unpack([files[image_name], files["busybox-static"]], scratch / "image")
        kernel.extract(next((scratch / "image/boot").glob("vmlinuz-*")), folder / "kernel")
        modules = kernel.modules(scratch / "image", built, architecture.modules)
        for tree in scratch.glob(f"image/usr/lib/linux-image-*/{RASPBERRY}"):
            shutil.copy(tree, folder / "raspberry.dtb")
        busybox = next(scratch.glob("image/**/bin/busybox"))
        initramfs.build(busybox, modules, folder / "initramfs", scratch / "initramfs", tools)
        shutil.rmtree(scratch)
        if tools:
            userland.make(archive, folder / "system", lock)
    for file in [*files.values(), *built_with.values()]:
        file.unlink()
    return Board(architecture, path)
