"""Debian's kernel: its image as an ELF file that qemu starts directly, and its modules with what they depend on."""
import lzma
import pathlib
import re

XZ_MAGIC = b"\xfd7zXZ\x00"


def extract(compressed, elf):
    """Unpacks a vmlinuz. Entered by its PVH note the ELF file needs no boot sector, no BIOS and no unpacking of its own."""
    image = pathlib.Path(compressed).read_bytes()
    elf.write_bytes(lzma.LZMADecompressor().decompress(image[image.index(XZ_MAGIC):]))


def modules(root, names):
    """The modules' contents by file name, in the order in which they can be loaded. Those built in are left out."""
    files = {name_of(path): path for path in pathlib.Path(root).rglob("*.ko*")}
    built_in = {name_of(pathlib.Path(line)) for path in pathlib.Path(root).rglob("modules.builtin")
                for line in path.read_text().split()}
    loaded = {}

    def load(name):
        if name + ".ko" in loaded or name in built_in:
            return
        data = files[name].read_bytes()
        if files[name].suffix == ".xz":
            data = lzma.decompress(data)
        depends = re.search(rb"\0depends=([^\0]*)\0", data).group(1).decode()
        for needed in filter(None, depends.split(",")):
            load(needed.replace("-", "_"))
        loaded[name + ".ko"] = data

    for name in names:
        load(name.replace("-", "_"))
    return loaded


def name_of(path):
    """The module's name as the kernel spells it: snd-aloop.ko.xz is snd_aloop."""
    return path.name.split(".ko")[0].replace("-", "_")
