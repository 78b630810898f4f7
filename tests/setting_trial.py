"""The program with one setting more in a copy: the inertia of rmsprop, one declaration and its use in the engine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import rnn_tui

__all__ = ["grown", "run_by"]

DECLARATION = """
    inertia: Annotated[
        float,
        Setting(
            "rmsprop: share of the last step that is made again; 0: none",
            minimum=0,
            maximum=0.99,
            fork=10,
            since="9.1.0",
            memory=True,
            unused=lambda experiment: (
                "" if experiment.training.optimizer == "rmsprop" else "has no use without rmsprop: it must be 0"
            ),
            optimizer_state=lambda training: (
                ("momentum_buffer",) if training.inertia and training.optimizer == "rmsprop" else ()
            ),
        ),
    ] = 0.0
""".lstrip("\n")
USE = """
    if training.optimizer == "rmsprop":
        options["momentum"] = training.inertia
""".lstrip("\n")
LATE_BUFFER = """
        if kind is RMSprop and self.param_groups[0]["momentum"]:  # torch makes it with the first update only
            for weight, kept in self.state.items():
                kept.setdefault("momentum_buffer", torch.zeros_like(weight))
""".lstrip("\n")
EDITS = (  # file, the line before which it goes, what
    ("experiment/sections/training.py", "    clip: Annotated[", DECLARATION),
    ("engine/training/optimizers.py", '    return options if training.optimizer == "rmsprop"', USE),
    ("engine/training/optimizers.py", "        with torch.no_grad():\n            step(self)", LATE_BUFFER),
)


def grown(to: Path) -> Path:
    """Copy the program there, and add inertia."""
    shutil.copytree(Path(rnn_tui.__file__).parent, to / "rnn_tui", ignore=shutil.ignore_patterns("__pycache__"))
    for name, before, more in EDITS:
        file = to / "rnn_tui" / name
        text = file.read_text("utf-8")
        assert text.count(before) == 1, before
        file.write_text(text.replace(before, more + before), "utf-8")
    return to


def run_by(program: Path, *arguments: str, code: int = 0, **environment: str) -> str:
    """Return what that copy of the program prints: on stdout, or on stderr where it ends with another exit code."""
    path = os.pathsep.join(map(str, (program, Path(__file__).parents[1])))
    result = subprocess.run(
        [sys.executable, "-P", *arguments],
        env=os.environ | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == code, result.stderr
    return result.stderr if code else result.stdout
