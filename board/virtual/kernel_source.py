"""Modules built from Debian's kernel source, where Debian's own kernel does not have what the board needs.

gpio-sim.ko        the kernel's GPIO simulator, which Debian leaves out
9pnet_virtio.ko    the way to the host's files, with a wait that is not idle: virtual time skips idle time, so while the
                   host looked for a file the guest's clock ran ahead by seconds, and time limits and sound with it
"""
import os
import pathlib
import re
import subprocess
import tarfile

from . import cache

SOURCES = {
    "drivers/gpio/gpio-sim.c": "gpio-sim-main.c",
    "drivers/gpio/gpiolib.h": "gpiolib.h",
    "kernel/irq/irq_sim.c": "irq-sim.c",
    "net/9p/trans_virtio.c": "9pnet_virtio.c",
    "net/9p/trans_common.h": "trans_common.h",
}

MAKEFILE = """\
obj-m := gpio-sim.o 9pnet_virtio.o
gpio-sim-y := gpio-sim-main.o irq-sim.o
"""

# What Debian's kernel headers want to know before they compile for arm64 elsewhere. Nobody reads types (BTF) here.
CROSS = ["ARCH=arm64", "DEB_HOST_ARCH=arm64", "DEB_BUILD_ARCH=amd64", "DEB_HOST_GNU_TYPE=aarch64-linux-gnu",
         "CROSS_COMPILE=aarch64-linux-gnu-", "CC=aarch64-linux-gnu-gcc", "CONFIG_DEBUG_INFO_BTF_MODULES="]

BUSY_WAIT = r"""	while (READ_ONCE(req->status) < REQ_STATUS_RCVD) {
		cond_resched();
		cpu_relax();
	}
"""

# File, pattern, replacement; each is found exactly once.
CHANGES = (
    # irq_to_desc() is not exported to modules; generic_handle_domain_irq() finds the interrupt and does the same.
    ("irq-sim.c", r"^\tint irqnum;\n", ""),
    ("irq-sim.c", r"^\t\tirqnum = irq_find_mapping\(work_ctx->domain, offset\);\n", ""),
    ("irq-sim.c", r"handle_simple_irq\(irq_to_desc\(irqnum\)\);",
     "generic_handle_domain_irq(work_ctx->domain, offset);"),
    ("9pnet_virtio.c", r'^\tp9_debug\(P9_DEBUG_TRANS, "virtio request kicked\\n"\);\n(?=\treturn 0;)', BUSY_WAIT),
    ("9pnet_virtio.c", r'^\tp9_debug\(P9_DEBUG_TRANS, "virtio request kicked\\n"\);\n(?=\terr = wait)', BUSY_WAIT),
)


def extract(package, folder):
    """Takes SOURCES out of linux-source-*.deb: more than a gigabyte, read as a stream, no further than needed."""
    outer = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with tarfile.open(fileobj=outer.stdout, mode="r|") as data:
        inner = next(member for member in data if member.name.endswith(".tar.xz"))
        with tarfile.open(fileobj=data.extractfile(inner), mode="r|xz") as source:
            missing = dict(SOURCES)
            for member in source:
                if name := missing.pop(member.name.split("/", 1)[-1], None):
                    (folder / name).write_bytes(source.extractfile(member).read())
                if not missing:
                    break
    outer.kill()
    outer.wait()
    if missing:
        raise cache.Failure(f"{os.path.basename(package)}: not in it: {' '.join(missing)}")


def build(folder, headers, architecture, tools=None):
    """Compiles in `folder`, against unpacked linux-headers-*, linux-kbuild-* and libelf1. Returns {name: contents}.
    With this machine's compiler, or with the cross compiler of `tools`."""
    for name, pattern, replacement in CHANGES:
        file = folder / name
        text, count = re.subn(pattern, lambda _: replacement, file.read_text(), flags=re.MULTILINE)
        if count != 1:
            raise cache.Failure(f"{name}: {pattern}: found {count} times, wanted once")
        file.write_text(text)
    (folder / "Makefile").write_text(MAKEFILE)
    tree = next((headers / "usr/src").glob(f"linux-headers-*-{architecture}"))
    makefile = tree / "Makefile"
    makefile.write_text(makefile.read_text().replace(" /usr/src/", f" {headers}/usr/src/"))
    # The tools of linux-kbuild run with the library that was fetched with them.
    environment = dict(os.environ, LD_LIBRARY_PATH=str(headers / "usr/lib/x86_64-linux-gnu"), LC_ALL="C")
    words = CROSS if tools else ["CC=gcc"]
    run = tools.run if tools else subprocess.run
    done = run(["make", "-C", tree, f"M={folder}", *words, "modules"], env=environment, capture_output=True, text=True)
    built = sorted(folder.glob("*.ko"))
    if done.returncode != 0 or not built:
        raise cache.Failure(f"kernel modules: do not build:\n{done.stdout}{done.stderr}")
    return {module.name: module.read_bytes() for module in built}
