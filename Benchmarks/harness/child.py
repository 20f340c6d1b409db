"""A process run to its end: how long it took and how much memory it used at most."""
import os
import sys
import tempfile
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Finished:
    status: int
    seconds: float  # from before the process exists until it is gone
    peak_bytes: int  # resident memory at most, the pages of mapped files included
    output: str
    errors: str

    def checked(self, what: str) -> "Finished":
        if self.status != 0:
            raise RuntimeError(f"{what}: status {self.status}: {last_line(self.errors)}")
        return self


def run(command: list, input: str = "") -> Finished:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        source.write(input.encode())
        source.seek(0)
        start = time.perf_counter()
        child = os.posix_spawnp(
            str(command[0]), [str(word) for word in command], os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, source.fileno(), 0),
                (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, err.fileno(), 2),
            ])
        _, status, usage = os.wait4(child, 0)
        seconds = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        return Finished(
            os.waitstatus_to_exitcode(status), seconds, peak_bytes(usage),
            out.read().decode(errors="replace"), err.read().decode(errors="replace"))


def peak_bytes(usage) -> int:
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
