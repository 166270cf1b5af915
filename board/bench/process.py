"""A measured process: CPU by thread, memory by mapping."""
import os
import re
import subprocess
import time


class Process:
    """Started as a service is: nothing of our environment but PATH, and the key."""

    def __init__(self, arguments, folder, is_fed=False):
        self.errors = os.path.join(folder, "agent.err")
        self.output = os.path.join(folder, "agent.out")
        environment = {"PATH": os.environ["PATH"], "OPENAI_API_KEY": "sk-bench"}
        with open(self.output, "w") as output, open(self.errors, "w") as errors:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.PIPE if is_fed else subprocess.DEVNULL, stdout=output, stderr=errors,
                env=environment)
        self.folder = f"/proc/{self.process.pid}"

    def said(self, words):
        with open(self.output) as file:
            return words in file.read()

    def is_running(self):
        return self.process.returncode is None and os.waitid(
            os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def look(self):
        """CPU so far: nanoseconds by thread, and user and system seconds as the kernel splits them."""
        threads = {}
        for thread in os.listdir(self.folder + "/task"):
            with open(f"{self.folder}/task/{thread}/comm") as name, \
                    open(f"{self.folder}/task/{thread}/schedstat") as statistics:
                ns, _, slices = map(int, statistics.read().split())
                threads[thread] = {"name": name.read().strip(), "ns": ns, "runs": slices}
        with open(self.folder + "/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        tick = os.sysconf("SC_CLK_TCK")
        return {"at": time.monotonic_ns(), "threads": threads, "user": int(fields[11]) / tick,
                "system": int(fields[12]) / tick, "faults": int(fields[7]), "major_faults": int(fields[9])}

    def memory(self):
        """The high-water mark and what is resident now, kB; the largest mappings."""
        found = {}
        with open(self.folder + "/status") as file:
            for name, value in re.findall(r"^(VmHWM|VmRSS|RssAnon|RssFile|RssShmem|VmLck):\s+(\d+)", file.read(), re.M):
                found[name] = int(value)
        with open(self.folder + "/smaps_rollup") as file:
            found["rollup"] = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB", file.read(), re.M)}
        sizes = {}
        with open(self.folder + "/smaps") as file:
            name = ""
            for line in file:
                head = re.match(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+\s*(.*)", line)
                if head:
                    name = f"{os.path.basename(head[2]) or 'anonymous'} {head[1]}"
                    sizes.setdefault(name, [0, 0, 0])
                elif value := re.match(r"(Size|Rss|Private_Dirty):\s+(\d+)", line):
                    sizes[name][("Size", "Rss", "Private_Dirty").index(value[1])] += int(value[2])
        found["mappings"] = sorted(sizes.items(), key=lambda entry: -entry[1][1])
        return found

    def end(self):
        """SIGTERM; what the whole life of the process cost."""
        self.process.terminate()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return {"status": self.process.returncode, "user": usage.ru_utime, "system": usage.ru_stime,
                "voluntary": usage.ru_nvcsw, "involuntary": usage.ru_nivcsw}
