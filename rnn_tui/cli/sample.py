"""`rnn-tui sample RUN`: let the network of a run that is kept on the disk write, answer, or forecast."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from rnn_tui.cli.completion import complete_runs
from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.cli.option_types import Count, SettingType
from rnn_tui.cli.options import cell_option
from rnn_tui.cli.sample_prime import known_primes, numbers_of, prime_of, rows_of
from rnn_tui.common.glyphs import safe
from rnn_tui.common.output import Piecewise, say
from rnn_tui.common.wording import shown
from rnn_tui.experiment.sampling_settings import SAMPLE_SETTINGS
from rnn_tui.experiment.spec import ExperimentError

if TYPE_CHECKING:
    from rnn_tui.engine.store.load_network import SavedNetwork

__all__ = ["sample"]

_HELP = {
    "prime": "the text that it goes on from or answers to; of a series numbers, with blanks between them",
    "length": "characters, words or bytes to write, or the most that an answer may have (200)",
}
_RUN = click.Argument(["run"], metavar="RUN", type=click.UNPROCESSED, shell_complete=complete_runs)
_DRAWS = ("temperature", "top_k", "seed")  # each of them asks for a drawn answer
_MOST = 10**15  # characters, or numbers: as many as anybody waits for


def _options() -> list[click.Parameter]:
    metavars = {str: "TEXT", float: "NUMBER", int: "N"}
    options: list[click.Parameter] = [
        click.Option(
            [each.option, each.name],
            metavar=metavars[each.kind],
            type=SettingType(each if each.name != "length" else replace(each, maximum=_MOST), in_range=True),
            help=_HELP.get(each.name, each.about),
        )
        for each in SAMPLE_SETTINGS
    ]
    about = "a file with that text, - for stdin; where the run learns answers, each line of it is answered"
    options.insert(1, click.Option(["--prime-file"], metavar="FILE", type=click.UNPROCESSED, help=about))
    options.append(
        click.Option(["--skip-unknown"], is_flag=True, help="leave out characters of the prime that were never learnt")
    )
    about = "of a series: the next N numbers, one a line, in its own units; of several columns N lines"
    options.append(click.Option(["--forecast"], metavar="N", type=Count(_MOST), help=about))
    options.append(click.Option(["--best"], is_flag=True, help="with the weights of the best loss, not the newest"))
    return options


@click.command("sample", params=[_RUN, *_options(), cell_option()])
def sample(
    *,
    run: str,
    prime: str | None,
    prime_file: str | None,
    skip_unknown: bool,
    forecast: int | None,
    best: bool,
    **numbers: Any,
) -> None:
    """Print what the network of a run writes: RUN is its name, how that begins, or its folder.

    After a text, it goes on with it: the prime is printed, and then --length characters, words or bytes. A run that
    learns answers (one to many, many to one, or a character for each that is read) prints its answer and nothing else:
    the likeliest, or one that is drawn if --temperature, --top-k or --seed is given. Without a prime it begins with the
    first character or word that the run learns, or answers the first input. Of a series, --forecast prints numbers,
    from the end of what is learnt or from the numbers that are given.
    """
    check_working_folder()
    drawn = any(numbers[name] is not None for name in _DRAWS)
    numbers |= {each.name: each.default for each in SAMPLE_SETTINGS if numbers.get(each.name, "") is None}
    from rnn_tui.runs.catalog import NoSuchRun, find

    try:
        given = prime_of(prime, prime_file)
        folder = find(run)
        from rnn_tui.engine.store.load_network import load_network

        kept = load_network(folder, best=best)
        if kept.experiment.is_numbers:
            _forecast(kept, given, forecast, run)
        elif forecast is not None:
            raise UsageError(f"--forecast {shown(forecast)}: {shown(run)} has learnt text; --length says how many")
        else:
            _write(kept, given, numbers, run, drawn=drawn, skip_unknown=skip_unknown)
    except NoSuchRun as error:
        raise UsageError(str(error)) from None
    except ExperimentError as error:
        raise UsageError(safe(str(error))) from None
    except ValueError as error:
        raise UsageError(f"{shown(run)}: {safe(str(error))}") from None
    except BrokenPipeError:  # whoever read it has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - so that what is still buffered is not tried again


def _write(
    kept: "SavedNetwork",
    given: str | None,
    numbers: dict[str, Any],
    run: str,
    *,
    drawn: bool,
    skip_unknown: bool,
) -> None:
    """Go on with the prime, or answer each line of it: with the likeliest answer, unless it is `drawn`."""
    from rnn_tui.engine.inspect.generate import Choice, NotFinite, cannot_generate, stream
    from rnn_tui.experiment.task_layout import response_kind

    experiment, length = kept.experiment, numbers["length"]
    says = response_kind(experiment.data, next_characters=kept.data_card.next_characters)
    problem = cannot_generate(experiment, says)
    if problem:
        raise UsageError(f"{shown(run)}: {problem}")
    primes = known_primes(given, kept.data_card.inputs, experiment.tokenizer, says=says, skip_unknown=skip_unknown)
    temperature = numbers["temperature"] if drawn or says == "text" else 0.0
    choice = Choice(temperature=temperature, top_k=numbers["top_k"], seed=numbers["seed"])
    model = kept.model()
    for prime in primes:
        out, written = Piecewise(), 0
        if says == "text":
            out.write(prime if experiment.data.tokens != "word" else prime.rstrip(" "))
        try:
            characters = stream(model, experiment, prime, choice, response=says)
            for character in characters if says in ("each", "one") else islice(characters, length):
                out.write(character)
                written += 1
        except NotFinite as error:
            raise UsageError(f"{shown(run)}: after {written:,} {experiment.data.unit}s, {error}") from None
        finally:
            out.end()
        if says == "answer" and written == length and next(characters, None) is not None:
            say(f"The answer has no end within {length:,} {experiment.data.unit}s: --length allows more.", err=True)


def _forecast(kept: "SavedNetwork", given: str | None, steps: int | None, run: str) -> None:
    """Print the numbers that follow, one a line."""
    from rnn_tui.engine.inspect.free_run import forecast_from

    if steps is None:
        raise UsageError(f"{shown(run)}: it has learnt a series: --forecast N prints the next N numbers")
    series = kept.data_card.series
    assert series is not None
    if given is None:
        values = list(zip(*(each.values for each in series.read), strict=True))
    else:
        values = rows_of(numbers_of(given), [each.name for each in series.read])
    for row in _finite(forecast_from(kept.model(), kept.experiment, series, values, steps), run):
        out = Piecewise()
        out.write("\t".join(map(repr, row)))
        out.end()


def _finite(rows: Iterator[list[float]], run: str) -> Iterator[list[float]]:
    for at, row in enumerate(rows):
        bad = next((value for value in row if value - value != 0), None)
        if bad is not None:
            raise UsageError(f"{shown(run)}: after {at:,} numbers, its prediction is not a number any more ({bad})")
        yield row
