"""Debian's kernel: its image as qemu starts it directly, and its modules with what they depend on."""
import gzip
import lzma
import pathlib
import re

XZ_MAGIC = b"\xfd7zXZ\x00"
GZIP_MAGIC = b"\x1f\x8b"
# Documentation/arch/arm64/booting.rst
ARM64_MAGIC, ARM64_MAGIC_AT = b"ARM\x64", 56


def extract(compressed, file):
    """Unpacks a vmlinuz, so that the guest need not. On amd64 this is an ELF file, entered by its PVH note, without
    boot sector; on arm64 Debian's image is not compressed as it is, or by gzip."""
    image = pathlib.Path(compressed).read_bytes()
    if image.startswith(GZIP_MAGIC):
        image = gzip.decompress(image)
    elif image[ARM64_MAGIC_AT:].startswith(ARM64_MAGIC):
        pass
    else:
        image = lzma.LZMADecompressor().decompress(image[image.index(XZ_MAGIC):])
    file.write_bytes(image)


def modules(root, built, names):
    """The modules' contents by file name, in the order in which they can be loaded. Those in `built` (contents by file
    name) come before Debian's; those that are part of the kernel's image are left out."""
    files = {name_of(path.name): path for path in pathlib.Path(root).rglob("*.ko*")}
    ours = {name_of(name): contents for name, contents in built.items()}
    in_image = {name_of(pathlib.Path(line).name) for path in pathlib.Path(root).rglob("modules.builtin")
                for line in path.read_text().split()}
    loaded = {}

    def load(name):
        if name + ".ko" in loaded or name in in_image:
            return
        data = ours.get(name) or files[name].read_bytes()
        if data.startswith(XZ_MAGIC):
            data = lzma.decompress(data)
        depends = re.search(rb"\0depends=([^\0]*)\0", data).group(1).decode()
        for needed in filter(None, depends.split(",")):
            load(name_of(needed))
        loaded[name + ".ko"] = data

    for name in names:
        load(name_of(name))
    return loaded


def name_of(file):
    """The module's name as the kernel spells it: snd-aloop.ko.xz is snd_aloop."""
    return file.split(".ko")[0].replace("-", "_")
