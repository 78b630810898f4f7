"""What `rnn-tui --help` and `rnn-tui lessons` print."""

import re

import click

from rnn_tui.cli.options import SectionOption
from rnn_tui.experiment.lessons import DEFAULT, LESSONS

__all__ = ["SectionedCommand", "write_front_page", "write_lessons", "write_options"]

_HEADINGS = {
    "data": "Data",
    "network": "Network",
    "training": "Training",
    "run": "Run",
    "vary": "Compared",
    "keep": "Kept on the disk",
    "view": "Terminal",
    "other": "More",
}

_USES = (
    ("rnn-tui [NAME] [options]", f"watch a lesson; {DEFAULT}, if none is named"),
    ("rnn-tui watch SCRIPT [ARGS]", "run a training script of your own, and see inside it"),
    ("rnn-tui train [NAME] [options]", "the same, printed: epoch, loss, prediction"),
    ("rnn-tui compare [NAME] [options]", "many at once: seeds, or any setting that varies"),
    ("rnn-tui show [NAME] [options]", "print it as TOML, to change and open again"),
    ("rnn-tui tour [TOPIC]", "a guided lesson: captions, one step after the other"),
    ("rnn-tui lessons", "what each lesson is about"),
    ("rnn-tui runs", "the runs: those that train now, and those on the disk"),
    ("rnn-tui note RUN [TEXT]", "a note and tags for one, kept beside it"),
    ("rnn-tui compare RUN RUN...", "the losses of several, over one another"),
    ("rnn-tui attach [RUN]", "look at one that trains, from any shell"),
    ("rnn-tui stop RUN", "end one; it stays on the disk"),
    ("rnn-tui resume [RUN]", "go on with one, as if it had never been stopped"),
    ("rnn-tui sample RUN [--prime TEXT]", "let its network write"),
    ("rnn-tui check FILE.py:CLASS", "a cell of your own beside torch's: what is wrong with it"),
    ("rnn-tui export RUN [--to DIR]", "its network for plain PyTorch"),
    ("rnn-tui rm RUN...", "delete runs from the disk"),
    ("rnn-tui help [TOPIC]", "the manual"),
    ("rnn-tui completion bash|zsh|fish", "a script for your shell"),
)
_EXAMPLES = (
    ("rnn-tui", f"open {DEFAULT}"),
    ('rnn-tui --input "hello world"', "learn a text of your own"),
    ("rnn-tui --series air.csv --column co2", "learn the next value of a series"),
    ("rnn-tui hihello --cell gru --speed max", "a lesson with another cell"),
    ("rnn-tui watch train.py --epochs 3", "see inside a script of your own, unchanged"),
    ("rnn-tui show ohlol > my.toml", "save a lesson, change it, and then"),
    ("rnn-tui --experiment my.toml", "open that"),
    ("rnn-tui train hihello --json --every 10", "without the view, for a script"),
    ('rnn-tui ohlol --until "loss<1"', "pause when the loss falls below 1"),
)
_COLUMN = 28  # cells for the names of options
_SENTENCE_END = re.compile(r"(?<=[.?!]) ")
_KEYS = "space play · → one tick · + - speed · r again · R new seed · l lessons · e experiment · ? all keys · q quit"


class SectionedCommand(click.Command):
    """A command whose options stand under the headings of their sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings; called by click."""
        write_options(self, ctx, formatter)


def write_options(
    command: click.Command,
    ctx: click.Context,
    formatter: click.HelpFormatter,
    *,
    more: tuple[tuple[str, str], ...] = (),
) -> None:
    """Write every option of a command under its heading, all in one column."""
    for section, heading in _HEADINGS.items():
        options = [each for each in command.get_params(ctx) if isinstance(each, click.Option)]
        rows = [_row(each) for each in options if getattr(each, "section", "other") == section]
        if section == "other":
            rows += more
        if rows:
            with formatter.section(_bold(heading)):
                formatter.write_dl([(names.ljust(_COLUMN), about) for names, about in rows])


def _row(option: click.Option) -> tuple[str, str]:
    if not isinstance(option, SectionOption):
        return ", ".join(option.opts), "this help"
    flag = f"--[no-]{option.opts[0][2:]}"
    names = flag if option.secondary_opts else f"{', '.join(option.opts)} {option.metavar or ''}".rstrip()
    return names, option.help or ""


def write_front_page(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write the help of the program itself; `command` is the one that opens the view."""
    formatter.write_text(f"{_bold('rnn-tui')} trains a recurrent network in front of you, and shows it from inside.")
    for heading, rows in (("Usage", _USES), ("Examples", _EXAMPLES)):
        with formatter.section(_bold(heading)):
            formatter.write_dl(list(rows), col_max=42)
    with formatter.section(_bold("Lessons")):
        formatter.write_text("  ".join(LESSONS))
    write_options(command, ctx, formatter, more=(("--version", "the versions of rnn-tui and torch"),))
    with formatter.section(_bold("Keys")):
        formatter.write_text(_KEYS)
    formatter.write_paragraph()
    formatter.write_text(
        "What is not set comes from the lesson. Where your text no longer fits the lesson's "
        "network, the vocabulary and, with a direct head, the hidden size follow it."
    )


def write_lessons(formatter: click.HelpFormatter) -> None:
    """Write every lesson with the first sentence about it, in the order to teach."""
    rows = [(name, _SENTENCE_END.split(lesson.about)[0]) for name, lesson in LESSONS.items()]
    formatter.write_dl(rows)
    formatter.write_paragraph()
    formatter.write_text(f"rnn-tui NAME opens one; without a name it is {DEFAULT}.")


def _bold(text: str) -> str:
    return click.style(text, bold=True)
