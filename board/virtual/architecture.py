"""The two kinds of processor that a board may have, and what differs between the boards.

amd64   Debian 12's kernel, this machine's own files as the root: what was built here runs there
arm64   Debian 13's kernel, and a Debian 13 of its own as the root, as on a Raspberry Pi: what board/build-arm64 made
        runs there
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Architecture:
    """One kind; its name is Debian's."""
    name: str
    release: str
    emulator: str
    console: str
    # What this machine must have for it, and the option of board/install-packages that installs it.
    tools: tuple
    option: str
    # Loaded in this order, with what they depend on.
    modules: tuple


AMD64 = Architecture(
    name="amd64", release="bookworm", emulator="qemu-system-x86_64", console="ttyS0",
    tools=("qemu-system-x86_64", "dpkg-deb", "gcc", "make", "strip", "tar", "xz", "cpio"), option="--board",
    # crc32c is wanted by ext4, which does not say so.
    modules=("virtio_pci", "virtio_console", "nfit", "nd_pmem", "crc32c_generic", "ext4", "9pnet_virtio", "9p",
             "overlay", "snd-aloop", "gpio-sim"))

ARM64 = Architecture(
    name="arm64", release="trixie", emulator="qemu-system-aarch64", console="ttyAMA0",
    tools=("qemu-system-aarch64", "dpkg-deb", "tar", "xz", "cpio", "unshare"), option="--arm64",
    modules=("virtio_pci", "virtio_console", "virtio_blk", "crc32c_generic", "ext4", "9pnet_virtio", "9p", "overlay",
             "rtc-pl031", "snd-aloop", "gpio-sim"))

ALL = {architecture.name: architecture for architecture in (AMD64, ARM64)}
