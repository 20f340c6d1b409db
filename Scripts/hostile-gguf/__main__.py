"""Runs `minke` on a thousand damaged and five hundred hostile GGUF files.

    python3 Scripts/hostile-gguf MINKE [--mutants 1000] [--jobs N] [--only TEXT] [--keep FOLDER]

Each file goes through `show`, `tokenize`, `run` and `quantize`, each with 10 s and 200 MB. A command may succeed only
where the file can be valid; otherwise it must exit with status 1 to 64 and print exactly one line on standard
error, without control characters. A signal, a hang, more memory or more lines is a failure, and the file is
kept. The same files are made every time. Needs Python 3.9 or later and nothing else; Linux or macOS.
"""
import argparse
import concurrent.futures
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

from hostile import hostile
from mutants import mutants
from validity import COMMANDS

SECONDS = 10
MEGABYTES = 200

# Keeps the machine safe from what the test is looking for: 16 GiB of address space, no core files.
GUARD = ["/bin/sh", "-c", 'ulimit -v 16777216 2>/dev/null; ulimit -c 0; exec "$@"', "guard"]


def run(minke, command, path, home):
    """Exit status, standard error and peak memory in MB of one command."""
    arguments = {
        "show": ["show", path], "tokenize": ["tokenize", path, "--json"], "run": ["run", path, "hi"],
        "quantize": ["quantize", path, path + ".quantized", "q4_0", "--allow-requantize", "--force"],
    }
    environment = {"PATH": os.environ.get("PATH", ""), "MINKE_HOME": home, "NO_COLOR": "1", "HOME": home}
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as text:
        text.write(b"hi hello <|end|> \xf0\x9f\x90\x8b </s> 1234567\n")
        text.seek(0)
        process = subprocess.Popen(
            GUARD + [minke] + arguments[command], stdin=text if command == "tokenize" else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        alarm = threading.Timer(SECONDS, process.kill)
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        timed_out = not alarm.is_alive()
        alarm.cancel()
        # `Popen` must not wait for a process that is gone.
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        message = errors.read(1 << 20).decode(errors="replace")
    megabytes = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return ("timeout" if timed_out else process.returncode), message, megabytes


def problem(allowed, command, status, message, megabytes):
    """What is wrong with an outcome, or None."""
    if status == "timeout":
        return f"did not end in {SECONDS} s"
    if megabytes > MEGABYTES:
        return f"took {megabytes:.0f} MB"
    if allowed == "must succeed":
        return None if status == 0 else f"exit status {status}: {message.strip()[:300]}"
    if status == 0:
        return None if allowed[command] else "succeeded on an invalid file"
    if not 1 <= status <= 64:
        return f"exit status {status}: {message.strip()[:300]}"
    line = message.removesuffix("\n")
    if not line or "\n" in line:
        return f"{len(message.splitlines())} lines on standard error: {message[:300]!r}"
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029\u202e" for c in line):
        return f"control characters on standard error: {line[:300]!r}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minke", help="the command to test")
    parser.add_argument("--mutants", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="only files whose name contains this")
    parser.add_argument("--keep", help="a folder that all files are left in")
    options = parser.parse_args()
    minke = shutil.which(options.minke)
    if minke is None:
        sys.exit(f"{options.minke}: no such command")
    minke = os.path.abspath(minke)
    folder = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="hostile-gguf-"))
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)

    def check(case):
        name, data, allowed = case
        path = folder / (name.replace("^", "").replace("/", "_") + ".gguf")
        path.write_bytes(data)
        outcomes = [(command, *run(minke, command, str(path), str(home))) for command in COMMANDS]
        found = [(command, text) for command, *outcome in outcomes
                 if (text := problem(allowed, command, *outcome))]
        pathlib.Path(f"{path}.quantized").unlink(missing_ok=True)
        if not found and not options.keep:
            path.unlink()
        return path, found, sum(status == 0 for _, status, _, _ in outcomes), max(o[3] for o in outcomes)

    files = failures = successes = 0
    peak = 0.0
    cases = (case for cases in (hostile(), mutants(options.mutants)) for case in cases if options.only in case[0])
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        # A few files at a time: a process that is started counts this one's memory as its own.
        while batch := list(itertools.islice(cases, 4 * options.jobs)):
            for path, found, succeeded, megabytes in pool.map(check, batch):
                files, successes, peak = files + 1, successes + succeeded, max(peak, megabytes)
                failures += bool(found)
                for command, text in found:
                    print(f"{path}: {command}: {text}", flush=True)
    print(f"{files} files, {files * len(COMMANDS)} runs, {successes} of them valid; peak memory {peak:.0f} MB; "
          f"{failures} files failed")
    if not failures and not options.keep:
        shutil.rmtree(folder)
    sys.exit(1 if failures or not files else 0)


main()
