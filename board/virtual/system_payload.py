"""What a run of the system board adds to Debian: executables, units and settings where a package would put them,
the simulator as a service beside them, and the checks.
"""
import pathlib
import shutil

import demo
from debian import dependencies, executable

SYSTEM = pathlib.Path(__file__).parent / "system"
UNITS_FOLDER = "usr/lib/systemd/system/"
UNITS = pathlib.Path(__file__).parent.parent.parent / "systemd"

KEY = "sk-system-test-0123456789"

SETTINGS = """\
[realtime]
url = "wss://localhost:4443/v1/realtime"
model = "gpt-realtime"
voice = "marin"
ca_file = "ca.pem"

[audio]
capture = "hw:CARD=Loopback,DEV=0,SUBDEV=1"
playback = "hw:CARD=Loopback,DEV=0,SUBDEV=0"
period_ms = 10

[gpio]
chip = "kiosk"
button = "button"
led = "led"

[console]
interactive = true

[metrics]
file = "/run/kiosk-agent/metrics.prom"
interval_s = 1
"""

SIMULATOR = f"""\
[Unit]
Description=Realtime simulator
Before=kiosk-agent.service

[Service]
ExecStart=/usr/bin/realtime-simulator --listen 127.0.0.1:PORT --tls-cert /usr/lib/board/server.pem \
--tls-key /usr/lib/board/server.key --samples /usr/lib/board/samples --report /results/report.jsonl --require-key {KEY}
"""

CHECKS = """\
[Unit]
Description=Checks
After=multi-user.target

[Service]
ExecStart=/usr/lib/board/checks
StandardOutput=file:/results/checks.log
StandardError=inherit
"""

# What the sandbox leaves to the agent, as `probe` prints it.
MAY = """\
can open a TCP socket
can read its key
can use priority 20
opens /dev/full
opens /dev/gpiochipN
opens /dev/null
opens /dev/random
opens /dev/snd/controlC0
opens /dev/snd/controlC1
opens /dev/snd/timer
opens /dev/urandom
opens /dev/zero
writes /dev/shm
writes /run/kiosk-probe
writes /tmp
writes /var/lib/kiosk-probe
writes /var/tmp
"""


class Payload:
    """What stands in `folder` is copied over the root of the system board before it boots."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def place(self, path):
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def write(self, path, text, mode=0o644):
        self.place(path).write_text(text)
        self.place(path).chmod(mode)

    def copy(self, source, path, mode=0o644):
        shutil.copyfile(source, self.place(path))
        self.place(path).chmod(mode)

    def want(self, unit, by="multi-user.target"):
        """As `systemctl enable` does it."""
        name = unit.replace("@ttyS1", "@")
        self.place(f"etc/systemd/system/{by}.wants/{unit}").symlink_to(f"/usr/lib/systemd/system/{name}")

    def executable(self, path):
        """As a package has it: without debug symbols, which are nine tenths of what would be copied."""
        executable.install(path, dependencies.architecture(path), self.place(f"usr/bin/{path.name}"))

    def simulator(self, executables, host="localhost", port=4443):
        """The server, and what stands for the visitor; its authority is ca.pem of usr/lib/board."""
        self.executable(executables / "realtime-simulator")
        self.write(UNITS_FOLDER + "simulator.service", SIMULATOR.replace("PORT", str(port)))
        self.write(UNITS_FOLDER + "checks.service", CHECKS)
        for unit in ("simulator.service", "checks.service"):
            self.want(unit)
        shutil.copytree(demo.SAMPLES, self.place("usr/lib/board/samples"))
        demo.make_certificates(self.folder / "usr/lib/board", host)

    def fill(self, executables):
        """The kiosk as the package installs it, with settings and key, beside the simulator."""
        self.executable(executables / "kiosk-agent")
        self.simulator(executables)
        for name in ("kiosk-agent.service", "kiosk-console@.service"):
            self.copy(UNITS / name, UNITS_FOLDER + name)
        self.copy(UNITS / "kiosk-agent.sysusers", "usr/lib/sysusers.d/kiosk-agent.conf")
        self.copy(UNITS / "60-kiosk-agent.rules", "usr/lib/udev/rules.d/60-kiosk-agent.rules")
        self.write("etc/kiosk-agent/kiosk-agent.toml", SETTINGS)
        self.write("etc/credstore/openai-api-key", KEY + "\n", 0o600)
        self.place("etc/credstore/openai-api-key").parent.chmod(0o700)
        self.want("kiosk-agent.service")
        self.want("kiosk-console@ttyS1.service", by="dev-ttyS1.device")
        self.copy(self.folder / "usr/lib/board/ca.pem", "etc/kiosk-agent/ca.pem")
        for name in ("common.bash", "gpio-chip", "power-on", "probe"):
            self.copy(SYSTEM / name, f"usr/lib/board/{name}", 0o755)
        self.write("usr/lib/board/may", MAY)

    def check(self, name):
        """Which checks the next boot runs."""
        self.copy(SYSTEM / name, "usr/lib/board/checks", 0o755)
