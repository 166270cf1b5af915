"""Builds the journal's writing side alone, in a release build: what board/bench-journal and board/journal-kills run."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FOLDER = os.path.join(ROOT, ".build", "journal")
TARGETS = ["CLinux", "CChecksum", "Journal"]
PACKAGE = """\
// swift-tools-version:6.0
import PackageDescription

let package = Package(
    name: "journal",
    targets: [
        .target(name: "CLinux"),
        .target(name: "CChecksum"),
        .target(name: "Journal", dependencies: ["CLinux", "CChecksum"]),
        .executableTarget(name: "journal", dependencies: ["Journal"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11)

// As in the project's own manifest.
#if compiler(>=6.3)
for target in package.targets where target.name == "Journal" {
    target.swiftSettings = [.unsafeFlags(["-enforce-exclusivity=unchecked"])]
}
#endif
"""


def link(target, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.islink(path):
        os.symlink(os.path.relpath(target, os.path.dirname(path)), path)


def build():
    """The path of the executable."""
    for name in TARGETS:
        link(os.path.join(ROOT, "Sources", name), os.path.join(FOLDER, "Sources", name))
    link(os.path.join(ROOT, "board", "bench", "journal.swift"), FOLDER + "/Sources/journal/journal.swift")
    manifest = FOLDER + "/Package.swift"
    if not os.path.exists(manifest) or open(manifest).read() != PACKAGE:
        with open(manifest, "w") as file:
            file.write(PACKAGE)
    command = ["swift", "build", "-c", "release", "--static-swift-stdlib"]
    subprocess.run(command, cwd=FOLDER, check=True)
    shown = subprocess.run(command + ["--show-bin-path"], cwd=FOLDER, check=True, capture_output=True, text=True)
    return shown.stdout.strip() + "/journal"


def memory_folder():
    """A folder in memory (tmpfs), for whoever wants figures of the journal and not of a disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
