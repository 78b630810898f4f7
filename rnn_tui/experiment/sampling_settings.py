"""The settings of free generation, for the form and the command line."""

from collections.abc import Mapping

from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.spec import ExperimentError

__all__ = ["MOST_GENERATED", "MOST_PRIME", "SAMPLE_SETTINGS", "sample_numbers"]

MOST_PRIME = 1000  # characters that a text to go on from may have in a pane
MOST_GENERATED = 2000  # characters that are generated at most for one

SAMPLE_SETTINGS = (
    Setting("the text that the network goes on from", option="--prime", path="sample.prime", label="prime", default=""),
    Setting(
        "softmax(logits / T): below 1 is more cautious, above 1 more daring; 0: always the likeliest",
        option="--temperature",
        path="sample.temperature",
        label="temperature",
        minimum=0,
        maximum=1e6,
        kind=float,
        default=1.0,
    ),
    Setting(
        "only from the k likeliest characters; 0: from all",
        option="--top-k",
        path="sample.top_k",
        label="top-k",
        minimum=0,
        maximum=1_000_000,
        kind=int,
        default=0,
    ),
    Setting(
        "where its random numbers start; training has its own",
        option="--seed",
        path="sample.seed",
        label="seed",
        minimum=0,
        maximum=2**63 - 1,
        kind=int,
        default=0,
    ),
    Setting(
        f"characters at most, up to {MOST_GENERATED:,}; the pane shows as many as fit",
        option="--length",
        path="sample.length",
        label="length",
        minimum=0,
        maximum=MOST_GENERATED,
        kind=int,
        default=200,
    ),
)


def sample_numbers(numbers: Mapping[str, str]) -> dict[str, int | float]:
    """Read temperature, top_k, seed and length from text.

    Raises ExperimentError, which names the setting and what would be right.
    """
    found: dict[str, int | float] = {}
    for setting in SAMPLE_SETTINGS[1:]:
        text = numbers[setting.name].strip()
        try:
            value = setting.parse(text)
        except ValueError:
            raise ExperimentError(setting.path, f"{text!r} does not fit: it must be {setting.wanted}") from None
        problem = setting.range_problem(value)
        if problem:
            raise ExperimentError(setting.path, f"{text} {problem}")
        found[setting.name] = value
    return found
