"""The models compared, by the names that the command line takes."""
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .environment import BENCHMARKS, cache
from .minke import Command


@dataclass(frozen=True)
class Model:
    name: str
    title: str

    def file(self, command: Command) -> Path:
        """A path that ends in `.gguf`, by which some peers know the format."""
        folder = cache() / "models"
        folder.mkdir(exist_ok=True)
        path = folder / (self.name.replace(":", "-") + ".gguf")
        if self == R1_SHAPE:
            if not path.exists():
                subprocess.run([BENCHMARKS / "make-r1-shape", path], check=True)
        elif path.resolve() != (target := command.model_path(self.name).resolve()):
            path.unlink(missing_ok=True)
            path.symlink_to(target)
        return path


R1_SHAPE = Model("r1-1.5b-shape", "R1 1.5B shape, Q4_K_M-like")
REAL = [
    Model("smollm2:135m", "SmolLM2 135M Q4_1"),
    Model("qwen2.5-coder:0.5b", "Qwen2.5 Coder 0.5B Q4_K_M"),
    Model("gemma3:270m", "Gemma 3 270M Q4_K_M"),
]
MODELS = {model.name: model for model in [*REAL, R1_SHAPE]}
