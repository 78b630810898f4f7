"""The options of an experiment, made from the table of its fields: what `--help` says and what is read."""

from typing import Any

import click
from click.shell_completion import CompletionItem

from rnn_tui.common.process import is_gone
from rnn_tui.common.wording import shown, without_value
from rnn_tui.experiment.remember import GAP, LARGEST_GAP
from rnn_tui.experiment.remember import NAME as REMEMBER
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import ExperimentError

__all__ = [
    "SectionOption",
    "UsageError",
    "check_working_folder",
    "complaint",
    "experiment_options",
    "gap_option",
    "given",
    "given_gap",
]

_GAP = Setting(
    f"in {REMEMBER}: characters between a letter and the place where it must come back ({GAP})",
    option="--gap",
    path="data.gap",
    metavar="N",
    minimum=1,
    maximum=LARGEST_GAP,
    kind=int,
)


class UsageError(click.ClickException):
    """What cannot be done, as one line. Exit code 2."""

    exit_code = 2


def check_working_folder() -> None:
    """Raise UsageError where the working directory has been deleted: no path works then, and torch does not load."""
    if is_gone():
        raise UsageError("the folder that you are in has been deleted: go to another one (cd)")


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


def experiment_options(*, resuming: bool = False) -> list[click.Parameter]:
    """Return an option for each setting, or for those that may change when a run is resumed.

    They are read as text: `given` makes values of them.
    """
    return [_option(each) for each in SETTINGS if each.resume or not resuming]


def _option(each: Setting) -> SectionOption:
    if each.kind is bool:
        names = [f"{each.option}/--no-{each.option[2:]}", _parameter(each)]
        return SectionOption(names, section=each.section, default=None, help=each.about)
    return SectionOption(
        [each.option, _parameter(each)],
        section=each.section,
        metavar=_metavar(each),
        multiple=each.kind is tuple,
        type=click.UNPROCESSED,
        help=each.about,
    )


def given(parameters: dict[str, Any]) -> dict[str, Any]:
    """The values of those options that were used, by path. Raises UsageError for one that is no such value."""
    used = {each: parameters[_parameter(each)] for each in SETTINGS}
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
    """The gap, if that option was used. Raises UsageError for a value that is none."""
    text = parameters[_GAP.name]
    if text is None:
        return None
    gap: int = _value(_GAP, text)
    problem = _GAP.range_problem(gap)
    if problem:
        raise UsageError(f"{_GAP.option} {shown(text)}: {problem}")
    return gap


def complaint(error: ExperimentError, values: dict[str, Any]) -> str:
    """An unsound experiment as one line that names the option, the value and what would be right."""
    section, _, name = error.path.partition(".")
    option, value = setting(error.path).option, values[section][name]
    if isinstance(value, bool):
        return f"{option if value else f'--no-{option[2:]}'}: {without_value(str(error))}"
    if error.value is not None:
        value = error.value
    elif isinstance(value, (list, tuple)):
        value = f" {option} ".join(row or "''" for row in value)
    return f"{option} {shown(value)}: {without_value(str(error))}"


def _parameter(each: Setting) -> str:
    return each.path.replace(".", "_")


def _metavar(each: Setting) -> str:
    words = {tuple: "TEXT", str: "TEXT", int: "N", float: "NUMBER"}
    return each.metavar or "|".join(each.choices) or words[each.kind]


def _value(each: Setting, text: Any) -> Any:
    try:
        return each.parse(text) if isinstance(text, str) else text
    except ValueError:
        raise UsageError(f"{each.option} {shown(text)}: is not {each.wanted}") from None
