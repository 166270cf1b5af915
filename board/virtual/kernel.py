"""Debian's kernel: its image as an ELF file that qemu starts directly, and its modules with what they depend on."""
import lzma
import pathlib
import re

XZ_MAGIC = b"\xfd7zXZ\x00"


def extract(compressed, elf):
    """Unpacks a vmlinuz. The ELF file is entered by its PVH note, without boot sector and unpacking."""
    image = pathlib.Path(compressed).read_bytes()
    elf.write_bytes(lzma.LZMADecompressor().decompress(image[image.index(XZ_MAGIC):]))


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
