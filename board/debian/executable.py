"""The executable as a package wants it: without debug symbols, and without a search path of its own for libraries."""
import re
import shutil
import struct

from virtual.cache import Failure

from .dependencies import run

STRIPS = {"amd64": "x86_64-linux-gnu-strip", "arm64": "aarch64-linux-gnu-strip"}
DT_NULL, DT_RPATH, DT_RUNPATH = 0, 15, 29


def install(source, architecture, target):
    shutil.copyfile(source, target)
    target.chmod(0o755)
    if re.search(r"\s\.symtab\s", run("readelf", "--sections", "--wide", target)):
        run(STRIPS[architecture], "--strip-all", "--remove-section=.comment", target)
    remove_search_path(target)


def remove_search_path(file):
    """The linker is told to look beside the executable first, for libraries that are linked in: not in /usr/bin."""
    image = bytearray(file.read_bytes())
    if image[:6] != b"\x7fELF\x02\x01":
        raise Failure(f"{file.name}: wanted a 64-bit little-endian ELF file")
    # e_shoff, e_shentsize and e_shnum of the header; of each section sh_type, sh_offset and sh_size.
    sections, = struct.unpack_from("<Q", image, 40)
    size, count = struct.unpack_from("<HH", image, 58)
    for index in range(count):
        kind, offset, length = struct.unpack_from("<4xI16xQQ", image, sections + index * size)
        if kind != 6:  # SHT_DYNAMIC
            continue
        entries = [struct.unpack_from("<QQ", image, offset + at) for at in range(0, length, 16)]
        kept = [entry for entry in entries if entry[0] not in (DT_RPATH, DT_RUNPATH)]
        kept += [(DT_NULL, 0)] * (len(entries) - len(kept))
        for at, entry in enumerate(kept):
            struct.pack_into("<QQ", image, offset + 16 * at, *entry)
    file.write_bytes(image)
