"""The prepared board: a folder with `vmlinux` and `initramfs`, made once.

The kernel is Debian 12's, whatever this machine runs: so the board is the same everywhere, one set of changes to its
source is enough, and the tools of linux-kbuild run on Debian 12 and later (those of Debian 13 want its C library).
The newest point release is found by the dependency of linux-image-amd64.
"""
import pathlib
import shutil
import subprocess
import sys

from . import cache, initramfs, kernel, kernel_source, packages

RELEASE = "bookworm"

# Loaded in this order, with what they depend on; crc32c is wanted by ext4, which does not say so.
MODULES = (
    "virtio_pci", "virtio_console", "nfit", "nd_pmem", "crc32c_generic", "ext4", "9pnet_virtio", "9p", "overlay",
    "snd-aloop", "gpio-sim")

# What this machine must have; its packages are in board/install-packages.
TOOLS = ("qemu-system-x86_64", "dpkg-deb", "gcc", "make", "strip", "tar", "xz", "cpio")

HERE = pathlib.Path(__file__).parent
RECIPE = [HERE / name for name in ("board.py", "initramfs.py", "kernel.py", "kernel_source.py", "packages.py")]


class Board:
    """Paths of a prepared board."""

    def __init__(self, folder):
        self.folder = folder
        self.kernel = folder / "vmlinux"
        self.initramfs = folder / "initramfs"

    def __str__(self):
        return str(self.folder)


def prepare():
    """The board, made when it is not there yet. Without anything to do it takes no time and no network."""
    install_tools()
    key = cache.fingerprint(*RECIPE, *initramfs.GUEST.iterdir())
    if found := cache.find("board", key):
        return Board(found)
    with cache.locked("board") as lock:
        if found := cache.find("board", key):
            return Board(found)
        return make(key, lock)


def install_tools():
    """Has what is missing on this machine installed."""
    if all(shutil.which(tool) for tool in TOOLS):
        return
    done = subprocess.run([HERE.parent / "install-packages", "--board"], stdout=sys.stderr)
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if done.returncode != 0 or missing:
        raise cache.Failure(f"missing: {' '.join(missing)}: install with: board/install-packages --board")


def make(key, lock):
    archive = packages.Archive(RELEASE)
    cache.say(f"preparing the board: the packages of {RELEASE}")
    archive.update()
    image_name = archive.depends("linux-image-amd64")[0]
    headers_name = archive.depends("linux-headers-amd64")[0]
    needed = [headers_name] + [name for name in archive.depends(headers_name) if "compiler" not in name]
    source_name = archive.depends("linux-source")[0]
    needed.append("libelf1")
    files = archive.fetch(image_name, "busybox-static", source_name, *needed, lock=lock)
    version = image_name.removeprefix("linux-image-").removesuffix("-amd64")
    path = cache.folder() / f"board-{version}-{key}"
    with cache.made(path) as folder:
        cache.say("preparing the board: kernel modules")
        scratch = folder / "scratch"
        (scratch / "source").mkdir(parents=True)
        kernel_source.extract(files[source_name], scratch / "source")
        packages.unpack([files[name] for name in needed], scratch / "headers")
        built = kernel_source.build(scratch / "source", scratch / "headers")
        cache.say("preparing the board: kernel and initramfs")
        packages.unpack([files[image_name], files["busybox-static"]], scratch / "image")
        kernel.extract(next((scratch / "image/boot").glob("vmlinuz-*")), folder / "vmlinux")
        modules = kernel.modules(scratch / "image", built, MODULES)
        initramfs.build(scratch / "image/bin/busybox", modules, folder / "initramfs", scratch / "initramfs")
        shutil.rmtree(scratch)
    for file in files.values():
        file.unlink()
    return Board(path)
