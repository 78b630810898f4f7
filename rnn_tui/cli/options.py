"""The options of an experiment, made from the table of its fields: what `--help` says and what is read."""

from typing import Any

import click
from click.shell_completion import CompletionItem

from rnn_tui.common.process import is_gone
from rnn_tui.common.wording import shown, without_value
from rnn_tui.experiment.remember import GAP, LARGEST_GAP
from rnn_tui.experiment.remember import NAME as REMEMBER
from rnn_tui.experiment.settings import FIELDS, Field, field
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import choices

__all__ = [
    "Refusal",
    "SectionOption",
    "check_working_folder",
    "complaint",
    "experiment_options",
    "gap_option",
    "given",
    "given_gap",
]

_DEFAULTS = Experiment()
_GAP = Field(
    path="data.gap",
    option="--gap",
    label="gap",
    metavar="N",
    minimum=1,
    maximum=LARGEST_GAP,
    about=f"in {REMEMBER}: characters between a letter and the place where it must come back ({GAP})",
)


class Refusal(click.ClickException):
    """What cannot be done, as one line. Exit code 2."""

    exit_code = 2


def check_working_folder() -> None:
    """Raise Refusal where the working directory has been deleted: no path leads anywhere, and torch does not load."""
    if is_gone():
        raise Refusal("the folder that you are in has been deleted: go to another one (cd)")


class SectionOption(click.Option):
    """An option that stands under a heading of its own in `--help`."""

    def __init__(self, *arguments: Any, section: str, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.section = section

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the words that its value may be, or the files and folders where it is one of those."""
        metavar = self.metavar or ""
        if "|" in metavar:
            return [CompletionItem(word) for word in metavar.split("|") if word.startswith(incomplete)]
        if metavar in ("FILE", "DIR"):
            return [CompletionItem(incomplete, type=metavar.lower())]
        return super().shell_complete(ctx, incomplete)


def experiment_options() -> list[click.Parameter]:
    """An option for each field of the table. They are read as text: `given` makes values of them."""
    return [_option(each) for each in FIELDS]


def _option(each: Field) -> SectionOption:
    kind = type(_default(each.path))
    if kind is bool:
        names = [f"{each.option}/--no-{each.option[2:]}", _parameter(each)]
        return SectionOption(names, section=each.section, default=None, help=each.about)
    return SectionOption(
        [each.option, _parameter(each)],
        section=each.section,
        metavar=_metavar(each),
        multiple=kind is tuple,
        type=click.UNPROCESSED,
        help=each.about,
    )


def given(parameters: dict[str, Any]) -> dict[str, Any]:
    """The values of those options that were used, by path. Raises Refusal for one that is no such value."""
    used = {each: parameters[_parameter(each)] for each in FIELDS}
    return {each.path: _value(each, text) for each, text in used.items() if text is not None and text != ()}


def gap_option() -> click.Parameter:
    """`--gap`, which is no setting of an experiment: it makes the texts of one lesson. `given_gap` reads it."""
    return SectionOption(
        [_GAP.option],
        section=_GAP.section,
        metavar=_GAP.metavar,
        type=click.UNPROCESSED,
        help=_GAP.about,
    )


def given_gap(parameters: dict[str, Any]) -> int | None:
    """The gap, if that option was used. Raises Refusal for a value that is none."""
    text = parameters[_GAP.name]
    if text is None:
        return None
    gap: int = _number(_GAP.option, text, int)
    problem = _GAP.range_problem(gap)
    if problem:
        raise Refusal(f"{_GAP.option} {shown(text)}: {problem}")
    return gap


def _default(path: str) -> Any:
    """The value of a field where nothing sets it; its type is the field's."""
    section, _, name = path.partition(".")
    return getattr(getattr(_DEFAULTS, section), name)


def complaint(error: ExperimentError, values: dict[str, Any]) -> str:
    """An unsound experiment as one line that names the option, the value and what would be right."""
    section, _, name = error.path.partition(".")
    option, value = field(error.path).option, values[section][name]
    if isinstance(value, bool):
        return f"{option if value else f'--no-{option[2:]}'}: {without_value(str(error))}"
    if error.value is not None:
        value = error.value
    elif isinstance(value, (list, tuple)):
        value = f" {option} ".join(row or "''" for row in value)
    return f"{option} {shown(value)}: {without_value(str(error))}"


def _parameter(each: Field) -> str:
    return each.path.replace(".", "_")


def _metavar(each: Field) -> str:
    words = {tuple: "TEXT", str: "TEXT", int: "N", float: "NUMBER"}
    return each.metavar or "|".join(choices(each.path)) or words[type(_default(each.path))]


def _value(each: Field, text: Any) -> Any:
    kind = type(_default(each.path))
    if kind not in (int, float):
        return text
    if each.path == "run.speed" and text == "max":
        return 0.0
    return _number(each.option, text, kind, ", or max" if each.path == "run.speed" else "")


def _number(option: str, text: Any, kind: type, or_else: str = "") -> Any:
    try:
        return kind(text)
    except ValueError:
        right = "a whole number" if kind is int else "a number"
        raise Refusal(f"{option} {shown(text)}: is not {right}{or_else}") from None
