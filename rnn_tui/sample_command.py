"""`rnn-tui sample RUN`: let the network of a run that is kept on the disk write."""

from typing import Any

import click

from rnn_tui.experiment import ExperimentError
from rnn_tui.options import Refusal
from rnn_tui.output import write_exact
from rnn_tui.sample_fields import SAMPLE_FIELDS, sample_ask
from rnn_tui.text import glyph, safe
from rnn_tui.wording import shown, without_value

__all__ = ["sample"]

_DEFAULTS = {"temperature": "1.0", "top_k": "0", "seed": "0", "length": "200"}


def _options() -> list[click.Parameter]:
    return [
        click.Option(
            [each.option, each.name],
            metavar="TEXT" if each.name == "prime" else "NUMBER" if each.name == "temperature" else "N",
            default=_DEFAULTS.get(each.name),
            type=click.UNPROCESSED,
            help=each.about.partition(";")[0] if each.name == "length" else each.about,
        )
        for each in SAMPLE_FIELDS
    ]


@click.command(
    "sample",
    params=[
        click.Argument(["run"], metavar="RUN", type=click.UNPROCESSED),
        *_options(),
        click.Option(["--best"], is_flag=True, help="with the weights of the best loss, not those of the newest"),
    ],
)
def sample(*, run: str, prime: str | None, best: bool, **numbers: Any) -> None:
    """Print the prime text and what the network of a run writes after it: RUN is its name, how that begins, or its
    folder. Without --prime it begins with the first character that the run learns."""
    from rnn_tui.runs import NoSuchRun, find

    try:
        ask = sample_ask(prime or "", numbers)
        folder = find(run)
        from rnn_tui.engine.network import load_network
        from rnn_tui.engine.sampling import cannot_generate, generate

        kept = load_network(folder, best=best)
        problem = cannot_generate(kept.experiment)
        if problem:
            raise Refusal(f"{shown(run)}: {problem}")
        prime = kept.essence.inputs[0][0] if prime is None else prime
        _check_prime(prime, kept.experiment.vocabulary)
        text = generate(
            kept.model(),
            kept.experiment,
            prime,
            temperature=ask.temperature,
            top_k=ask.top_k,
            seed=ask.seed,
            length=ask.length,
        )
    except NoSuchRun as error:
        raise Refusal(str(error)) from None
    except ExperimentError as error:
        raise Refusal(_told(error, numbers)) from None
    except ValueError as error:
        raise Refusal(f"{shown(run)}: {safe(str(error))}") from None
    write_exact(prime + text)


def _check_prime(prime: str, vocabulary: str) -> None:
    """Nothing, where the network knows every character. Raises Refusal, with what would be right."""
    place = next((at for at, character in enumerate(prime) if character not in vocabulary), None)
    if prime and place is None:
        return
    problem = "is empty" if place is None else f"character {place + 1:,}, {prime[place]!r}, is not in the vocabulary"
    known = shown("".join(map(glyph, vocabulary)))
    raise Refusal(f"--prime {shown(prime)}: {problem}; it must be of the {len(vocabulary):,} characters {known}")


def _told(error: ExperimentError, numbers: dict[str, Any]) -> str:
    """An option with its value and what would be right, or what is wrong with the run."""
    if not error.path.startswith("sample."):
        return safe(str(error))
    name = error.path.partition(".")[2]
    option = next(each.option for each in SAMPLE_FIELDS if each.name == name)
    return f"{option} {shown(numbers[name])}: {without_value(str(error))}" if name in numbers else f"{option}: {error}"
