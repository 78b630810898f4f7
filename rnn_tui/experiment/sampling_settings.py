"""The settings of free generation, once: their names, bounds and words, for the dialog and the command line."""

from collections.abc import Mapping
from dataclasses import replace

from rnn_tui.experiment.settings import Field
from rnn_tui.experiment.spec import ExperimentError

__all__ = ["MOST_GENERATED", "MOST_PRIME", "SAMPLE_FIELDS", "sample_numbers"]

MOST_PRIME = 1000  # characters that a text to go on from may have in a pane
MOST_GENERATED = 2000  # characters that are made up at most for one

SAMPLE_FIELDS = (
    Field(
        path="sample.prime",
        option="--prime",
        label="prime",
        about="the text that the network goes on from",
    ),
    Field(
        path="sample.temperature",
        option="--temperature",
        label="temperature",
        minimum=0,
        maximum=1e6,
        about="softmax(logits / T): below 1 is more cautious, above 1 more daring; 0: always the likeliest",
    ),
    Field(
        path="sample.top_k",
        option="--top-k",
        label="top-k",
        minimum=0,
        maximum=1_000_000,
        about="only of the k likeliest characters; 0: of all",
    ),
    Field(
        path="sample.seed",
        option="--seed",
        label="seed",
        minimum=0,
        maximum=2**63 - 1,
        about="where its random numbers start; those of the training are others",
    ),
    Field(
        path="sample.length",
        option="--length",
        label="length",
        minimum=0,
        maximum=MOST_GENERATED,
        about=f"characters at most, up to {MOST_GENERATED:,}; the pane shows as many as fit",
    ),
)


def sample_numbers(numbers: Mapping[str, str], *, most: int = MOST_GENERATED) -> dict[str, int | float]:
    """Read temperature, top_k, seed and length, which may be `most`, from text.

    Raises ExperimentError, which names the field and what would be right.
    """
    found: dict[str, int | float] = {}
    for setting in SAMPLE_FIELDS[1:]:
        text = numbers[setting.name].strip()
        whole = setting.name != "temperature"
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            kind = "a whole number" if whole else "a number"
            raise ExperimentError(setting.path, f"{text!r} does not fit: it must be {kind}") from None
        limited = replace(setting, maximum=most) if setting.name == "length" else setting
        problem = limited.range_problem(value)
        if problem:
            raise ExperimentError(setting.path, f"{text} {problem}")
        found[setting.name] = value
    return found
