"""The text that perplexities are of: that of `Scripts/make-reference-goldens.py`."""
from pathlib import Path

from .environment import cache
from .packages import fetched

PACKAGE = "docutils==0.21.2"
MEMBER = "docutils-0.21.2/docs/ref/rst/restructuredtext.txt"
SHA256 = "51511f2304db0b1472986bed1d16375d0f7d8494d2ff37ff473928d6bfcb3194"


def text_path() -> Path:
    return fetched(PACKAGE, MEMBER, SHA256, cache() / "restructuredtext.txt")
