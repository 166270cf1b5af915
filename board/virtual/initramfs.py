"""The initramfs: a static busybox, the modules, and the scripts in guest/ that make the board what it is."""
import pathlib
import shutil
import subprocess

GUEST = pathlib.Path(__file__).parent / "guest"


def build(busybox, modules, image, scratch, tools=None):
    """Writes the archive, not compressed: unpacking would take longer than reading. `modules` is an ordered dictionary:
    file name, contents. `tools` strips those of another processor."""
    run, strip = (tools.run, "aarch64-linux-gnu-strip") if tools else (subprocess.run, "strip")
    for name in ("bin", "modules", "proc", "sys", "dev", "host", "system", "writable", "new"):
        (scratch / name).mkdir(parents=True)
    shutil.copy(busybox, scratch / "bin/busybox")
    (scratch / "bin/sh").symlink_to("busybox")
    for name, contents in modules.items():
        (scratch / "modules" / name).write_bytes(contents)
        # Signature and types cost more at each start than all the rest of loading.
        run([strip, "--strip-debug", "--remove-section=.BTF", scratch / "modules" / name], check=True)
    (scratch / "modules/order").write_text("".join(f"{name}\n" for name in modules))
    for script in GUEST.iterdir():
        shutil.copy(script, scratch / script.name)
    archive(scratch, image)


def archive(folder, image):
    """Writes the folder's contents as a cpio archive."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    with open(image, "wb") as file:
        subprocess.run(
            ["cpio", "--create", "--format=newc", "--owner=+0:+0", "--quiet"], cwd=folder, stdout=file, check=True,
            input="".join(f"{name}\n" for name in names).encode())
