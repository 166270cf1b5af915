"""A machine that boots a Debian with systemd, to be looked at from inside: see system_image and system_payload."""
import subprocess
import time

import demo

from . import disk, machine, system_payload, terminal

DATA_MIB = 128
# Of this machine's time, which a busy one has less of; the guest's is virtual.
BOOT_LIMIT_S = 600
# How long the power stays on after the guest has asked for the cut: long enough for what it began to be under way.
CUT_DELAY_S = 0.2


class SystemBoard:
    """The machine, from boot to boot.

    system = SystemBoard(prepared, image, scratch, results)
    system.payload.fill(...)                             # what is added to the image
    system.add_data_disk()                               # for the journal: outlives a power cut
    system.boot("first-boot", until="cut")               # runs board/virtual/system/first-boot
    system.shared                                        # /results of the guest

    Without `keeps_root` each boot begins with the image as it is.
    """

    def __init__(self, prepared, image, scratch, results, keeps_root=False):
        self.prepared, self.image, self.results, self.keeps_root = prepared, image, results, keeps_root
        self.scratch = scratch
        self.data = None
        self.payload = system_payload.Payload(scratch / "payload")
        self.shared = scratch / "shared"
        self.shared.mkdir()
        if keeps_root:
            self.image = scratch / "root.img"
            subprocess.run(["cp", "--sparse=always", image, self.image], check=True)

    def add_data_disk(self):
        self.data = self.scratch / "data.img"
        disk.make(self.data, DATA_MIB, label="kiosk-data")

    def boot(self, name, until):
        """Runs the program `name` until the file `until` is there, then ends the machine without warning. What came
        to the serial terminal is in NAME-console.txt of the results."""
        started = time.monotonic()
        self.payload.check(name)
        guest = machine.Machine(self.prepared, self.results / f"{name}-kernel.log", disk=self.image,
                                snapshot=not self.keeps_root)
        if self.data:
            guest.drive(self.data)
        guest.share("payload", self.payload.folder)
        guest.share("results", self.shared, read_only=False)
        console = terminal.Terminal(guest.serial_socket(), self.shared, self.results / f"{name}-console.txt")
        guest.append("systemd.show_status=0")
        process = guest.start()
        console.start()
        try:
            while not (self.shared / until).exists():
                if process.poll() is not None:
                    words = process.stderr.read().decode(errors="replace").strip()
                    raise demo.Failed(f"the guest ended before it was through{': ' + words if words else ''}")
                if time.monotonic() > started + BOOT_LIMIT_S:
                    raise demo.Failed(f"the guest was not through within {BOOT_LIMIT_S} s")
                time.sleep(0.01)
            time.sleep(CUT_DELAY_S)
        finally:
            process.kill()
            process.wait()
            console.end()
        return f"{time.monotonic() - started:.0f} s of this machine's time"
