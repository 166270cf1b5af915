"""The ring between an audio thread and the runner, on this machine: how much it takes, and that no frame is torn."""
import os
import subprocess

FRAMES_BAR = 500e6
RUNS = 5
SANITIZED_FRAMES = 100_000_000
# The second option: by default Swift's ThreadSanitizer overlooks memcpy, which is what moves the frames.
SANITIZER = "halt_on_error=1:ignore_interceptors_accesses=0"


def measure(root, folder):
    """Prints a line for each; returns what missed its bar."""
    sources = [os.path.join(root, name) for name in ("Sources/Audio/SampleRing.swift", "board/bench/ring.swift")]
    plain, sanitized = os.path.join(folder, "ring"), os.path.join(folder, "ring-sanitized")
    compiler = ["swiftc", "-O", "-swift-version", "6", "-parse-as-library"]
    subprocess.run([*compiler, *sources, "-o", plain], check=True)
    subprocess.run([*compiler, "-sanitize=thread", *sources, "-o", sanitized], check=True)
    faults = []

    # The best: two threads on a busy machine measure the machine.
    runs = [subprocess.run([plain], capture_output=True, text=True) for _ in range(RUNS)]
    if any(run.returncode != 0 for run in runs):
        faults.append("ring: torn or lost frames: " + ", ".join(run.stdout.strip() for run in runs))
    speeds = sorted(int(run.stdout.split()[0]) / 1e6 for run in runs)
    print(f"ring, blocks of 480, best of {RUNS}: {speeds[-1]:.0f} M frames/s (bar {FRAMES_BAR / 1e6:.0f}); all: "
          + ", ".join(f"{speed:.0f}" for speed in speeds))
    if speeds[-1] * 1e6 < FRAMES_BAR:
        faults.append(f"ring: {speeds[-1]:.0f} M frames/s, wanted {FRAMES_BAR / 1e6:.0f}")

    run = subprocess.run([sanitized, str(SANITIZED_FRAMES)], env={**os.environ, "TSAN_OPTIONS": SANITIZER},
                         capture_output=True, text=True)
    print(f"ring under ThreadSanitizer, {SANITIZED_FRAMES / 1e6:.0f} M frames: exit status {run.returncode}")
    if run.returncode != 0:
        faults.append("ring: ThreadSanitizer: " + "; ".join(run.stderr.splitlines()[1:4]))
    return faults
