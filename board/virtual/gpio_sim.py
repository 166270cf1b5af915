"""gpio-sim.ko: the kernel's own GPIO simulator, which Debian's kernels leave out, built from Debian's kernel source."""
import os
import pathlib
import re
import subprocess
import tarfile

from . import cache

SOURCES = ("drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c")

# Both files become one module. irq_to_desc() is not exported to modules: generic_handle_domain_irq() finds the
# interrupt by domain and offset and does the same; irq_work runs where it wants to be called from.
CHANGES = (
    (r"^\tint irqnum;\n", ""),
    (r"^.*irqnum = irq_find_mapping.*\n(?:\t\t\t+.*\n)?", ""),
    (r"handle_simple_irq\(irq_to_desc\(irqnum\)\);", "generic_handle_domain_irq(work_ctx->domain, offset);"),
    (r"^EXPORT_SYMBOL_GPL.*\n", ""),
)


def extract(package, folder):
    """Takes the three files out of linux-source-*.deb: half a gigabyte of xz, read as a stream."""
    outer = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
    with tarfile.open(fileobj=outer.stdout, mode="r|") as data:
        for member in data:
            if member.name.endswith(".tar.xz"):
                inner = subprocess.Popen(
                    ["tar", "-xJ", "-C", folder, "--strip-components=1", "--wildcards", "--occurrence=1"]
                    + [f"*/{source}" for source in SOURCES],
                    stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
                source = data.extractfile(member)
                try:
                    while block := source.read(1 << 20):
                        inner.stdin.write(block)
                    inner.stdin.close()
                except BrokenPipeError:
                    pass    # tar has all it wanted.
                inner.wait()
                break
    outer.kill()
    outer.wait()
    for source in SOURCES:
        if not pathlib.Path(folder, source).exists():
            raise cache.Failure(f"{os.path.basename(package)}: {source} is not in it")


def build(source, headers, scratch):
    """Compiles the module against unpacked linux-headers-*, linux-kbuild-* and libelf1; returns the path of the .ko."""
    scratch.mkdir()
    text = (source / SOURCES[2]).read_text()
    for pattern, replacement in CHANGES:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    (scratch / "irq-sim.c").write_text(text)
    (scratch / "gpio-sim-main.c").write_text((source / SOURCES[0]).read_text())
    (scratch / "gpiolib.h").write_text((source / SOURCES[1]).read_text())
    (scratch / "Makefile").write_text("obj-m := gpio-sim.o\ngpio-sim-y := gpio-sim-main.o irq-sim.o\n")
    tree = next((headers / "usr/src").glob("linux-headers-*-amd64"))
    makefile = tree / "Makefile"
    makefile.write_text(makefile.read_text().replace(" /usr/src/", f" {headers}/usr/src/"))
    # The tools of linux-kbuild run with the libraries that were fetched with them.
    libraries = headers / "usr/lib/x86_64-linux-gnu"
    environment = dict(os.environ, LD_LIBRARY_PATH=str(libraries), LC_ALL="C")
    done = subprocess.run(
        ["make", "-C", tree, f"M={scratch}", "CC=gcc", "modules"], env=environment, capture_output=True, text=True)
    module = scratch / "gpio-sim.ko"
    if done.returncode != 0 or not module.exists():
        raise cache.Failure(f"gpio-sim.ko: does not build:\n{done.stdout}{done.stderr}")
    subprocess.run(["strip", "--strip-debug", module], check=True)
    return module
