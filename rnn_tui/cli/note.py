"""`rnn-tui note RUN [TEXT]`: a note and tags, kept beside a run."""

from typing import TYPE_CHECKING

import click

from rnn_tui.cli.completion import complete_runs
from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.kept_run import find_kept
from rnn_tui.common.glyphs import safe
from rnn_tui.common.output import say
from rnn_tui.common.wording import shown

if TYPE_CHECKING:
    from rnn_tui.runs.annotations import Annotations

__all__ = ["note"]


@click.command("note")
@click.argument("name", metavar="RUN", type=click.UNPROCESSED, shell_complete=complete_runs)
@click.argument("words", metavar="[TEXT]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--tag",
    "tags",
    metavar="NAME",
    multiple=True,
    type=click.UNPROCESSED,
    help="add a tag: one word, as often as given",
)
@click.option("--untag", "untags", metavar="NAME", multiple=True, type=click.UNPROCESSED, help="take a tag away")
def note(*, name: str, words: tuple[str, ...], tags: tuple[str, ...], untags: tuple[str, ...]) -> None:
    """Write a note to a run that is kept, also while it trains; "" removes it. Without a text, show note and tags."""
    from rnn_tui.experiment.spec import ExperimentError
    from rnn_tui.runs.annotations import annotate, note_problem, read_annotations, tag_problem

    text = " ".join(words)
    if problem := note_problem(text):
        raise UsageError(f"{shown(text)}: {problem}")
    for option, given in (("--tag", tags), ("--untag", untags)):
        for tag in given:
            if problem := tag_problem(tag):
                raise UsageError(f"{option} {shown(tag)}: {problem}")
    if both := [tag for tag in tags if tag in untags]:
        raise UsageError(f"--tag {shown(both[0])}: cannot be combined with --untag {shown(both[0])}")
    folder = find_kept(name, needs="a note lies in its folder", comparisons=True)
    try:
        if words or tags or untags:
            found = annotate(folder, note=text.strip() if words else None, add=tags, remove=untags)
        else:
            found = read_annotations(folder)
    except ExperimentError as error:
        raise UsageError(safe(str(error))) from None
    say(f"{safe(folder.name) or folder}: {_in_words(found)}")


def _in_words(found: "Annotations") -> str:
    parts = [safe(found.note)] if found.note else []
    parts += [f"tags {', '.join(map(safe, found.tags))}"] if found.tags else []
    return " · ".join(parts) or "no note, and no tags"
