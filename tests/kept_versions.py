"""Runs that older versions kept, gone on with by the program that is found first on the path.

    python -m tests.kept_versions FOLDER    prints the losses of each, as JSON

FOLDER is empty: the runs are copied there.
"""

import csv
import json
import shutil
import sys
from pathlib import Path

from msgspec.structs import replace

from rnn_tui.engine.store.resume import resume
from rnn_tui.experiment.changes import Change
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest

__all__ = ["KEPT", "NAMES", "copied", "gone_on", "losses", "reference"]

KEPT = Path(__file__).parent / "kept"
NAMES = tuple(
    f"{version.name}/{run.name}"
    for version in sorted(KEPT.iterdir())
    for run in sorted(version.glob("*"))
    if (run / "experiment.toml").exists()
)


def copied(name: str, to: Path) -> Path:
    """Copy a run to a folder of its own there, with the data that it learns in their place."""
    run = KEPT / name
    folder = to / run.name
    shutil.copytree(run, folder)
    file = folder / "experiment.toml"
    file.write_text(file.read_text("utf-8").replace("@DATA@", str(run.parent / "data")), "utf-8")
    return folder


def reference(name: str) -> list[float]:
    """Return the losses that the old version came to, without an interruption where that is the same."""
    resumed = KEPT / f"{name}.resumed.csv"
    return losses(resumed if resumed.exists() else KEPT / f"{name}.losses.csv")


def losses(file: Path) -> list[float]:
    """Return the losses in a file of them, the first update's first."""
    with open(file, newline="", encoding="utf-8") as stream:
        return [float(row["loss"]) for row in csv.DictReader(stream)]


def gone_on(folder: Path, updates: int) -> list[float]:
    """Resume a run with twice its epochs, up to that many updates, and return the losses of all of them."""
    manifest, experiment = read_manifest(folder), read_experiment(folder)
    training = manifest.changes[-1].training if manifest.changes else experiment.training
    longer = Change(tick=manifest.tick, training=replace(training, epochs=2 * manifest.epochs))
    session, checkpointer = resume(SaveOptions(folder=str(folder), resume=True), experiment, print, changes=(longer,))
    session.watch(())
    try:
        while session.progress.whole_passes < updates:
            session.tick()
            checkpointer.ticked()
        session.recording.drain()
    finally:
        checkpointer.close()
    return losses(folder / manifest.losses)


def main() -> None:
    """Go on with all of them."""
    to = Path(sys.argv[1])
    print(json.dumps({name: gone_on(copied(name, to), len(reference(name))) for name in NAMES}))


if __name__ == "__main__":
    main()
