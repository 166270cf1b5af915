"""The system board's root disk: Debian minbase with systemd and what the agent links, as an ext4 image. Made once.

The release is this machine's, for what is tried was built here. It holds nothing of the project but the first program,
so that a new build costs no new image. Made by mmdebstrap and `mke2fs -d`: no loop mount, and no root where the user
has subordinate ids.
"""
import os
import pathlib
import re
import subprocess

from . import bootstrap, cache, disk, installation
from .architecture import AMD64

HERE = pathlib.Path(__file__).parent
START = HERE / "system/start"
SIZE_MIB = 512
# systemd and its devices, the agent's ExecReload, the witness at the sound card's other end, and what a kiosk's Debian
# has that the package or board/provision asks for.
PACKAGES = ["apt", "systemd-sysv", "udev", "procps", "alsa-utils", "python3", "ca-certificates", "dbus"]

# What a kiosk has no use for while it is tried: each would take its time at every boot.
MASKED = """\
alsa-restore.service apt-daily.timer apt-daily-upgrade.timer dev-hugepages.mount dev-mqueue.mount dpkg-db-backup.timer
e2scrub_all.timer e2scrub_reap.service fstrim.timer getty-static.service getty@tty1.service kmod-static-nodes.service
ldconfig.service modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service
modprobe@fuse.service modprobe@loop.service proc-sys-fs-binfmt_misc.automount serial-getty@ttyS0.service
sys-kernel-debug.mount sys-kernel-tracing.mount systemd-hwdb-update.service systemd-journal-catalog-update.service
systemd-logind.service systemd-modules-load.service systemd-networkd.service systemd-pstore.service
systemd-random-seed.service systemd-sysctl.service systemd-timesyncd.service systemd-tmpfiles-clean.timer
systemd-update-utmp-runlevel.service systemd-update-utmp.service systemd-user-sessions.service
"""

HOOK = f"""\
set -e
echo kiosk >"$1/etc/hostname"
printf '127.0.0.1 localhost\\n::1 localhost\\n' >"$1/etc/hosts"
: >"$1/etc/fstab"
echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
for unit in {MASKED.replace(chr(10), " ")}; do ln -sf /dev/null "$1/etc/systemd/system/$unit"; done
mkdir -p "$1/etc/systemd/journald.conf.d"
printf '[Journal]\\nStorage=volatile\\n' >"$1/etc/systemd/journald.conf.d/board.conf"
# Of all devices those that a kiosk has.
mkdir "$1/etc/systemd/system/systemd-udev-trigger.service.d"
printf '[Service]\\nExecStart=\\nExecStart=udevadm trigger --action=add -s sound -s gpio -s tty\\n' \
    >"$1/etc/systemd/system/systemd-udev-trigger.service.d/board.conf"
ln -sf /usr/lib/board/start "$1/usr/sbin/init"
# What keeps services from being started while the image is made.
rm -f "$1/usr/sbin/policy-rc.d"
rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin
"""
# The bind mount shows the root alone, without the /proc, /sys and /dev that are mounted in it at this time.
IMAGE = """\
set -e
mkdir "$1.bare"
mount --bind "$1" "$1.bare"
{mke2fs} -q -t ext4 -O ^has_journal -d "$1.bare" "{path}" {size}M
umount "$1.bare"
rmdir "$1.bare"
"""


def prepare(executables, board):
    """The image that holds the libraries of these executables, made when it is not there yet. That for arm64 is made in
    the board itself, where its maintainer scripts can run."""
    if board.architecture is not AMD64:
        return installation.prepare(board, PACKAGES, HOOK, START, SIZE_MIB)
    release = codename()
    wanted = PACKAGES + libraries(executables)
    key = cache.fingerprint(START, __file__, bootstrap.__file__, words=" ".join([release, *wanted]))
    if found := cache.find("system", key):
        return found / "root.img"
    with cache.locked("system"):
        if found := cache.find("system", key):
            return found / "root.img"
        return make(cache.folder() / f"system-{release}-{key}", release, wanted) / "root.img"


def make(path, release, wanted):
    print(f"preparing the system board: Debian {release} with {', '.join(wanted)}", flush=True)
    with cache.made(path) as folder:
        image = IMAGE.format(mke2fs=disk.tool(), path=folder / "root.img", size=SIZE_MIB)
        hooks = ['mkdir -p "$1/usr/lib/board"', f"copy-in {START} /usr/lib/board", HOOK, image]
        bootstrap.make(release, wanted, folder, "/dev/null", "--format=null",
                       *(f"--customize-hook={hook}" for hook in hooks))
        own(folder / "root.img")
    return path


def own(image):
    """Makes a subordinate user's file ours: qemu wants to be allowed to write to it."""
    if image.stat().st_uid != os.getuid():
        copy = image.with_name("copy")
        subprocess.run(["cp", "--sparse=always", image, copy], check=True)
        copy.replace(image)


def codename():
    text = pathlib.Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=\"?(\w+)", text, re.MULTILINE)
    if not found:
        raise cache.Failure("/etc/os-release: names no release: wanted Debian 12 or 13")
    return found.group(1)


def libraries(executables):
    """The packages of this machine that hold the shared libraries which the executables load."""
    names = set()
    for executable in executables:
        done = subprocess.run(["ldd", executable], capture_output=True, text=True)
        if done.returncode != 0:
            raise cache.Failure(f"{executable}: ldd: {(done.stderr or done.stdout).strip()}")
        names.update(re.findall(r"^\s*(\S+) => ", done.stdout, re.MULTILINE))
    # By name only: where a file is known under /usr, ldd may find it without.
    done = subprocess.run(["dpkg-query", "--search", *(f"*/{name}" for name in names)], capture_output=True, text=True)
    owners = {}
    for package, file in re.findall(r"^([^:, ]+)[^/]*: (/\S+)$", done.stdout, re.MULTILINE):
        owners[os.path.basename(file)] = package
    if strange := sorted(names - owners.keys()):
        raise cache.Failure(f"{executables[0]}: {strange[0]} is of no package: link Swift's libraries statically")
    return sorted(set(owners.values()))
