"""What a server's memory is, and what a bound on it means in a build with a sanitizer."""

MIB = 1 << 20


class Memory:
    """The resident memory of a process, in bytes."""

    def __init__(self, process):
        self.folder = f"/proc/{process.pid}"
        with open(f"{self.folder}/maps", encoding="utf-8") as maps:
            text = maps.read()
        self.sanitized = "libtsan" in text or "libasan" in text
        self.before = self.now()

    def allowed(self, most):
        """Sanitizers keep shadows of all memory, and what was freed for a while."""
        return 8 * most + 512 * MIB if self.sanitized else most

    def now(self):
        return self._field("VmRSS")

    def peak(self):
        return self._field("VmHWM")

    def grown(self):
        return self.now() - self.before

    def grown_at_most(self):
        """At any time since this was made, or before."""
        return self.peak() - self.before

    def _field(self, name):
        with open(f"{self.folder}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) << 10
        raise AssertionError(f"the server has no {name} any more")
