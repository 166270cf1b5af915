#!/usr/bin/env python3
"""A Raspberry Pi 3B, as far as qemu has it: Debian's kernel with its own device tree and the real GPIO driver.

    board/virtual/raspberry.py --executables .build/arm64/board

Looks at the chip with Debian's gpiodetect and with `kiosk-agent check`, which takes a button and a LED by name and by
number, and is refused a line that is not there. A smoke test: sound and virtual time do not work on that machine. The
last line printed is the figure, or what is wrong; exit status 0 only when all held.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

from virtual import board, cache, initramfs, machine  # noqa: E402
from virtual.architecture import ARM64  # noqa: E402

CHIP = "pinctrl-bcm2835"
# Of this machine's time; on two busy cores it takes an eighth of it.
LIMIT_S = 300

INIT = """\
#!/bin/sh
export PATH=/usr/sbin:/usr/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
echo "model: $(tr -d '\\0' </proc/device-tree/model)"
gpiodetect
for lines in '"GPIO17" "GPIO27"' '17 27' '"GPIO99" 27'; do
    set -- $lines
    printf '[gpio]\\nchip = "%s"\\nbutton = %s\\nled = %s\\n' CHIP "$1" "$2" >/run/kiosk.toml
    kiosk-agent check --config /run/kiosk.toml | grep gpio
done
echo "board: done"
while :; do sleep 1; done
""".replace("CHIP", CHIP)

# What the guest has to say, in this order.
WANTED = (
    r"model: Raspberry Pi 3 Model B",
    rf"gpiochip\d+ \[{CHIP}\] \(\d+ lines\)",
    rf"ok    gpio +{CHIP}: button GPIO17, led GPIO27",
    rf"ok    gpio +{CHIP}: button 17, led 27",
    r"FAIL  gpio +.*GPIO99",
    r"board: done",
)


def image(prepared, executables, folder):
    """The initramfs: the board's Debian without what only the tests load, and the agent."""
    root = folder / "root"
    skipped = shutil.ignore_patterns("libexec", "perl", "perl-base", "share", "games")
    shutil.copytree(prepared.system, root, symlinks=True, ignore=skipped)
    shutil.copy(executables / "kiosk-agent", root / "usr/bin")
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    initramfs.archive(root, folder / "initramfs")
    return folder / "initramfs"


def run(prepared, initrd):
    """What the guest's serial port said."""
    command = [
        ARM64.emulator, "-M", "raspi3b", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio",
        "-kernel", prepared.kernel, "-dtb", prepared.folder / "raspberry.dtb", "-initrd", initrd,
        "-append", "console=ttyAMA0,115200 panic=-1 mitigations=off quiet loglevel=3 rdinit=/init"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=machine.die_with_parent,
                          text=True, errors="replace") as guest:
        # That machine neither powers off nor resets: it ends when it has said all, or too late.
        alarm = threading.Timer(LIMIT_S, guest.kill)
        alarm.start()
        said = ""
        for line in guest.stdout:
            said += line
            if line.startswith("board: done"):
                break
        alarm.cancel()
        guest.kill()
    return said


def judge(said):
    at = 0
    for pattern in WANTED:
        found = re.compile(pattern).search(said, at)
        if not found:
            raise cache.Failure(f"not said, or not in its order: {pattern}")
        at = found.end()
    return re.search(WANTED[1], said).group()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executables", required=True, type=pathlib.Path, help="the folder of an arm64 kiosk-agent")
    options = parser.parse_args()
    try:
        prepared = board.prepare(ARM64)
        with tempfile.TemporaryDirectory(prefix="raspberry-") as scratch:
            said = run(prepared, image(prepared, options.executables, pathlib.Path(scratch)))
        print(said.strip())
        print(judge(said))
    except (cache.Failure, OSError, subprocess.CalledProcessError) as failure:
        print(f"raspberry.py: {failure}")
        return 1
    return 0


sys.exit(main())
