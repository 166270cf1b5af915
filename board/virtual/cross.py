"""What builds for arm64 on amd64: Debian 13's own Swift with its cross tools, and an arm64 sysroot. Made once.

Both are Debian 13's, whatever this machine runs: the board's libraries are, and one Swift cannot use the library of
another. Packages are unpacked, none of their scripts run, so nothing here wants root or a processor of that kind.
The compiler believes in /usr: `Tools.run` gives a command the unpacked one for its own, by a mount that only it sees.
"""
import json
import os
import shutil
import subprocess

from . import cache, packages

RELEASE = "trixie"
TRIPLE = "aarch64-unknown-linux-gnu"
SDK = "debian-13-arm64"
SWIFT = "usr/libexec/swift"

# Swift, with the headers that it describes packages and runs plug-ins with; git, which fetches packages; a shell.
TOOLS = ["swiftlang", "libc6-dev", "libstdc++-14-dev", "git", "dash", "bash", "coreutils", "sed", "grep", "mawk",
         "make", "gcc-aarch64-linux-gnu", "qemu-user"]
# What the executables link, and what the tests load.
SYSROOT = ["swiftlang", "libc6-dev", "libstdc++-14-dev", "libasound2-dev", "libgpiod-dev", "libspeexdsp-dev",
           "libssl-dev", "libtomlplusplus-dev", "libwslay-dev"]

# Of the tools' two gigabytes, what nothing here uses: debugger, editors' servers, documentation.
LEFT_OUT_OF_TOOLS = ("./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", f"./{SWIFT}/bin/lldb*",
                     f"./{SWIFT}/bin/docc", f"./{SWIFT}/bin/clangd", f"./{SWIFT}/bin/repl_swift",
                     f"./{SWIFT}/bin/swift-format", f"./{SWIFT}/lib/liblldb*", f"./{SWIFT}/lib/swift_static/*",
                     f"./{SWIFT}/lib/swift/embedded/*", f"./{SWIFT}/share/docc/*")
# A sysroot is headers and libraries: programs and what belongs to them stay out.
LEFT_OUT_OF_SYSROOT = ("./usr/share/*", "./usr/bin/*", "./usr/sbin/*", f"./{SWIFT}/bin/*", f"./{SWIFT}/share/*",
                       f"./{SWIFT}/lib/lib*", f"./{SWIFT}/lib/swift/host/*", f"./{SWIFT}/lib/swift/embedded/*",
                       f"./{SWIFT}/lib/swift/migrator/*", f"./{SWIFT}/lib/swift_static/embedded/*",
                       f"./{SWIFT}/libexec/*")
# Of the closure, packages that hold programs and what only those need.
PROGRAMS = ("gcc", "g++", "cpp", "binutils", "libpython", "debconf", "tzdata", "netbase", "media-types", "readline",
            "libasan", "libtsan", "libhwasan", "liblsan", "libubsan", "libctf", "libgprofng", "libbinutils", "libisl",
            "libmpc", "libmpfr", "libgmp", "libcc1", "libsqlite3", "rpcsvc", "libc-dev-bin", "libsframe", "dpkg", "tar",
            "perl-base", "python3", "alsa-", "sensible-utils", "openssl")

# Without its own libraries Swift would look for this machine's.
LIBRARIES = f"{SWIFT}/lib/swift/linux"


class Tools:
    """Paths of the unpacked tools and sysroot.

    tools = cross.prepare()
    tools.run(["make", ...], cwd=folder)            # subprocess.run, with Debian 13's programs in /usr
    tools.swift("build", "-c", "release")           # for the board; ends when Swift does, gives its exit status
    tools.emulated(program, *arguments)             # the command that runs an arm64 program on this machine
    """

    def __init__(self, folder):
        self.folder = folder
        self.tools = folder / "tools"
        self.sysroot = folder / "sysroot"

    def __str__(self):
        return str(self.folder)

    def run(self, command, **options):
        entering = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--mount", "--map-root-user"]
        script = 'mount --bind "$0/usr" /usr && exec "$@"'
        return subprocess.run([*entering, "sh", "-c", script, self.tools, *command], **options)

    def check(self):
        """Whether this machine lets us give a command another /usr."""
        done = self.run(["true"], capture_output=True, text=True)
        if done.returncode != 0:
            raise cache.Failure(f"missing: mount namespaces: {done.stderr.strip()}: wanted root, or user namespaces")

    def swift(self, verb, *arguments, **options):
        command = [f"/{SWIFT}/bin/swift-{verb}", "--swift-sdks-path", self.folder / "sdks", "--swift-sdk", SDK]
        return self.run([*command, *arguments], **options).returncode

    def emulated(self, program, *arguments):
        return [self.tools / "usr/bin/qemu-aarch64", "-L", self.sysroot, "-E", f"LD_LIBRARY_PATH=/{LIBRARIES}",
                program, *arguments]


def prepare():
    """The tools, made when they are not there yet. Without anything to do it takes no time and no network."""
    for tool in ("dpkg-deb", "tar", "unshare"):
        if shutil.which(tool) is None:
            raise cache.Failure(f"missing: {tool}: install it with: board/install-packages --arm64")
    key = cache.fingerprint(__file__)
    if found := cache.find("arm64", key):
        return Tools(found)
    with cache.locked("arm64") as lock:
        if found := cache.find("arm64", key):
            return Tools(found)
        return make(key, lock)


def make(key, lock):
    cache.say("preparing the tools for arm64: Debian 13's Swift, and the libraries of the board")
    archives = {name: packages.Archive(RELEASE, name) for name in ("amd64", "arm64")}
    for archive in archives.values():
        archive.update()
    tools = archives["amd64"].fetch(*archives["amd64"].closure(*TOOLS), lock=lock)
    wanted = [name for name in archives["arm64"].closure(*SYSROOT) if not name.startswith(PROGRAMS)]
    libraries = archives["arm64"].fetch(*wanted, lock=lock)
    path = cache.folder() / f"arm64-{archives['arm64'].newest('swiftlang')}-{key}"
    with cache.made(path) as folder:
        cache.say("preparing the tools for arm64: unpacking")
        packages.unpack(tools.values(), folder / "tools", but=LEFT_OUT_OF_TOOLS)
        packages.unpack(libraries.values(), folder / "sysroot", but=LEFT_OUT_OF_SYSROOT)
        (folder / "tools/usr/bin/awk").symlink_to("mawk")
        join_usr(folder / "sysroot")
        describe(path / "sysroot", folder / f"sdks/{SDK}.artifactbundle")
        Tools(folder).check()
    for file in [*tools.values(), *libraries.values()]:
        file.unlink(missing_ok=True)
    return Tools(path)


def join_usr(root):
    """As base-files does it: programs ask for the loader in /lib, linker scripts for libraries there."""
    for name in ("bin", "lib", "sbin"):
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")


def describe(sysroot, bundle):
    """Writes the Swift SDK bundle of the sysroot."""
    folder = bundle / SDK / TRIPLE
    folder.mkdir(parents=True)
    hosts = ["x86_64-unknown-linux-gnu", "x86_64-pc-linux-gnu"]
    variant = {"path": f"{SDK}/{TRIPLE}", "supportedTriples": hosts}
    write(bundle / "info.json", {
        "schemaVersion": "1.0",
        "artifacts": {SDK: {"type": "swiftSDK", "version": "1.0.0", "variants": [variant]}}})
    write(folder / "swift-sdk.json", {
        "schemaVersion": "4.0",
        "targetTriples": {TRIPLE: {
            "sdkRootPath": str(sysroot),
            "swiftResourcesPath": f"{sysroot}/{SWIFT}/lib/swift",
            "swiftStaticResourcesPath": f"{sysroot}/{SWIFT}/lib/swift_static",
            "includeSearchPaths": [], "librarySearchPaths": [], "toolsetPaths": ["toolset.json"]}}})
    write(folder / "toolset.json", {
        "schemaVersion": "1.0", "rootPath": f"/{SWIFT}/bin",
        "swiftCompiler": {"extraCLIOptions": ["-use-ld=lld", "-Xclang-linker", f"--target={TRIPLE}"]},
        "linker": {"path": "ld.lld"}})


def write(file, value):
    file.write_text(json.dumps(value, indent=2) + "\n")
