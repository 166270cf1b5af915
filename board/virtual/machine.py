"""The virtual machine: builds and runs the qemu command."""
import ctypes
import os
import signal
import socket
import subprocess

from . import cache
from .architecture import AMD64

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1    # linux/prctl.h

# In virtual time an instruction takes 2 to the power of this, in ns. 0, 1 and 2 cost the host the same; 0 is about the
# speed of a small board's core, and leaves most room to real-time work.
INSTRUCTION_SHIFT = 0

# Where the kernel puts a program when nothing is to be random, by ELF_ET_DYN_BASE in asm/elf.h; and more than it takes.
PROGRAM_BASE = {"amd64": 0x5555_5555_4000, "arm64": 0xaaaa_aaaa_0000}
PROGRAM_SIZE = 64 << 20

# Drives are memory of the guest, which the kernel takes in such units (bytes).
DRIVE_UNIT = 128 << 20


class Machine:
    """One virtual machine, to be started once.

    machine = Machine(board, log="kernel.log")           # the kernel's console goes to this file
    machine = Machine(board, log=..., disk="root.img", snapshot=False)
      Its root is the board's own, or this machine's, read-only, under an overlay; or the file system (ext4, no
      partitions) of `disk`, with `snapshot` what is written is forgotten; its first process is then /sbin/init.
    machine.share("results", folder, read_only=False)    # 9p, mount tag "results", mounted by the guest
    machine.drive(file, snapshot=False)                  # another: /dev/pmem1, pmem2, ... (pmem0, ... without `disk`),
                                                         # on arm64 vdb, vdc, ... Sizes: DRIVE_UNIT
    machine.serial_file(path)                            # the next ttyS, from ttyS1: written to a file
    machine.serial_socket() -> socket                    # the next ttyS: this end of it
    machine.serial_cable()                               # the next two ttyS, joined like a null-modem cable
    machine.port("name") -> socket                       # a virtio port: /dev/virtio-ports/name, bytes exactly
    machine.write_blocks(file)                           # each block of a program's code at PROGRAM_BASE, disassembled
    machine.append("systemd.show_status=0", ...)         # more words for the kernel's command line
    process = machine.start()                            # subprocess.Popen of the qemu; kill() it for a power cut

    Time is virtual unless `real_time`: the clock counts instructions and skips idle time.
    """

    def __init__(self, board, log, disk=None, snapshot=True, real_time=False, memory_mb=1024,
                 shift=INSTRUCTION_SHIFT):
        self.architecture = board.architecture
        self.passed = []
        self.serials = 1
        self.ports = 0
        self.drives = 0
        self.words = [f"console={board.architecture.console}", "panic=-1", "mitigations=off", "nokaslr",
                      # Not measured and tested at each start: the ciphers.
                      "cryptomgr.notests"]
        self.arguments = [
            board.architecture.emulator, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-accel", "tcg,thread=single", "-rtc", "base=utc,clock=vm",
            "-kernel", str(board.kernel), "-initrd", str(board.initramfs),
            "-chardev", f"file,id=log,path={escaped(log)}", "-serial", "chardev:log",
            "-device", "virtio-serial-pci,id=ports,max_ports=8",
        ]
        if board.architecture is AMD64:
            self.be_pc(memory_mb, real_time)
        else:
            self.be_arm64(memory_mb)
        if not real_time:
            self.arguments += ["-icount", f"shift={shift},sleep=off"]
        if disk is not None:
            self.drive(disk, snapshot)
            self.append(f"board.root=/dev/{'pmem0' if board.architecture is AMD64 else 'vda'}")
            return
        self.share("host", "/", read_only=True)
        if board.system is not None:
            self.share("system", board.system, read_only=True)
            self.append("board.system=system")

    def be_pc(self, memory_mb, real_time):
        self.arguments += ["-machine", "q35,nvdimm=on", "-cpu", "max", "-smp", "1",
                           "-m", f"{memory_mb},slots=8,maxmem=16G", "-bios", "qboot.rom"]
        # Of all clocks the quickest to read.
        self.append("tsc=reliable", "clocksource=tsc")
        # Not measured at each start: the timer beside the HPET (2 s of this machine).
        self.append("nolapic_timer")
        if not real_time:
            self.append("tsc_early_khz=1000000")

    def be_arm64(self, memory_mb):
        # The core of a Raspberry Pi 4. There is no ttyS0 here but an unused one, so that the others have a PC's names.
        self.arguments += ["-machine", "virt,gic-version=2", "-cpu", "cortex-a72", "-smp", "1", "-m", str(memory_mb),
                           "-chardev", "null,id=serial0", "-device", "pci-serial,chardev=serial0"]

    def append(self, *words):
        self.words += words

    def write_blocks(self, file):
        """When it is executed first, by any process: only ours should be there."""
        self.arguments += ["-d", "in_asm", "-D", file,
                           "-dfilter", f"{PROGRAM_BASE[self.architecture.name]:#x}+{PROGRAM_SIZE:#x}"]

    def share(self, tag, folder, read_only=True):
        only = ",readonly=on" if read_only else ""
        # "none": owners that an unprivileged qemu cannot set are not an error.
        self.arguments += ["-virtfs", f"local,path={escaped(folder)},mount_tag={tag},security_model=none,"
                           f"multidevs=remap{only}"]

    def drive(self, file, snapshot=False):
        # As memory (pmem): what the guest reads and writes is there at once, without a wait in which its clock runs on.
        size = os.path.getsize(file)
        if size % DRIVE_UNIT:
            raise cache.Failure(f"{file}: {size} bytes: wanted a multiple of {DRIVE_UNIT}")
        if self.architecture is not AMD64:
            # This machine has no such memory. Nothing waits for the host's disk either.
            self.arguments += ["-drive", f"if=none,id=drive{self.drives},format=raw,cache=unsafe,file={escaped(file)},"
                               f"snapshot={'on' if snapshot else 'off'}",
                               "-device", f"virtio-blk-pci,drive=drive{self.drives}"]
            self.drives += 1
            return
        self.arguments += ["-object", f"memory-backend-file,id=drive{self.drives},mem-path={escaped(file)},size={size},"
                           f"share={'off' if snapshot else 'on'}",
                           "-device", f"nvdimm,id=nvdimm{self.drives},memdev=drive{self.drives}"]
        self.drives += 1

    def serial_file(self, path):
        self.serial(f"file,path={escaped(path)}")

    def serial_socket(self):
        ours, theirs = socket.socketpair()
        # A cable holds nothing: what nobody reads must not wait here. The kernel makes the least it has of it.
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        self.serial(self.passed_socket(theirs))
        return ours

    def serial_cable(self):
        for end in socket.socketpair():
            self.serial(self.passed_socket(end))

    def serial(self, backend):
        index = self.serials
        if self.architecture is AMD64:
            # Ports 1 and 3 (and 2 and 4) share an interrupt, which qemu does not model: later ones get their own.
            place = ",".join(("iobase=0x2f8,irq=3", "iobase=0x3e8,irq=5", "iobase=0x2e8,irq=7")[index - 1:index])
            device = f"isa-serial,index={index},{place}"
        else:
            device = "pci-serial"
        kind, options = backend.split(",", 1)
        self.arguments += ["-chardev", f"{kind},id=serial{index},{options}", "-device",
                           f"{device},chardev=serial{index}"]
        self.serials += 1

    def port(self, name):
        ours, theirs = socket.socketpair()
        kind, options = self.passed_socket(theirs).split(",", 1)
        self.arguments += ["-chardev", f"{kind},id=port-{name},{options}",
                           "-device", f"virtserialport,bus=ports.0,nr={self.ports + 1},name={name},chardev=port-{name}"]
        self.ports += 1
        return ours

    def passed_socket(self, end):
        self.passed.append(end)
        return f"socket,fd={end.fileno()}"

    def start(self):
        command = self.arguments + ["-append", " ".join(self.words)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            pass_fds=[end.fileno() for end in self.passed], preexec_fn=die_with_parent)
        for end in self.passed:
            end.close()
        return process


def die_with_parent():
    """No guest outlives who started it, even by SIGKILL."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def escaped(path):
    """A path as a value in qemu's options, where a comma is doubled."""
    return os.path.abspath(path).replace(",", ",,")
