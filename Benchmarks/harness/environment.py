"""The virtual environment in the user's cache folder that holds the peers."""
import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
REPOSITORY = BENCHMARKS.parent

# llama.cpp is compiled for the processor at hand, as its users compile it.
BUILD_FLAGS = {"CMAKE_ARGS": "-DGGML_NATIVE=ON -DCMAKE_BUILD_TYPE=Release -DLLAVA_BUILD=OFF"}


def cache() -> Path:
    """Where everything is kept: peers, models, results. Nothing goes into the checkout."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(base) / "minke-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def enter(*requirements: str) -> None:
    """Goes on in the virtual environment, installing the requirements files first if they have changed.

    Returns in the environment's interpreter; in any other it replaces the process.
    """
    python = cache() / "venv" / "bin" / "python"
    inside = Path(sys.prefix).resolve() == (cache() / "venv").resolve()
    if not inside or any(is_stale(name) for name in requirements):
        with open(cache() / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not python.exists():
                venv.create(cache() / "venv", with_pip=True)
            for name in requirements:
                install(python, name)
    if not inside:
        os.execv(python, [str(python), *sys.argv])


def stamp(name: str) -> Path:
    return cache() / "venv" / f"{name}.sha256"


def digest(name: str) -> str:
    return hashlib.sha256((BENCHMARKS / name).read_bytes()).hexdigest()


def is_stale(name: str) -> bool:
    return not stamp(name).exists() or stamp(name).read_text() != digest(name)


def install(python: Path, name: str) -> None:
    if not is_stale(name):
        return
    print(f"installing {name} into {cache() / 'venv'} (compiling llama.cpp takes some minutes)", file=sys.stderr)
    status = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--requirement", BENCHMARKS / name],
        env=os.environ | BUILD_FLAGS).returncode
    if status != 0:
        raise SystemExit(f"pip could not install {name}: see above")
    stamp(name).write_text(digest(name))
