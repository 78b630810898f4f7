"""What varies in a comparison, as people write it: `lr=0.001..1:24`, `cell=rnn,gru`, `hidden=2..16`."""

import difflib
import math
from collections.abc import Iterable, Sequence

from rnn_tui.common.wording import shown
from rnn_tui.experiment.comparison import MOST_MEMBERS, Comparison, Varied
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.settings import READING, SETTINGS, setting
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.spread import spread

__all__ = [
    "SEED",
    "VaryError",
    "brief_text",
    "comparison_of",
    "parse_values",
    "parse_varied",
    "seeds_from",
    "short_name",
    "vary_text",
    "why_alike",
]

SEED = "training.seed"
_LONGEST = 2_000  # characters of what varies; a list of 4,096 values need not be typed
_MOST_VALUES = 8  # of a setting that are written out in a brief text
_NO_NUMBER = "it decides where and how fast they run, and no number"


class VaryError(ValueError):
    """What cannot vary like that: one line that begins with what was written."""


def short_name(each: Setting) -> str:
    """Return the name that a setting has here: its option without dashes."""
    return each.option.removeprefix("--")


def why_alike(each: Setting) -> str:
    """Say why all networks of a comparison have this setting alike; empty: it may vary."""
    if each.section == "run":
        return _NO_NUMBER
    if each.section == "data" and each.name in READING:
        return "the networks learn the same data, or their losses could not be compared"
    return each.alike


def parse_varied(text: str) -> Varied:
    """Read what varies: a setting, `=`, and values or ranges with commas between them. Raises VaryError.

    `0.001..1:24` is 24 values from 0.001 to 1, spaced by a factor where the setting is logarithmic; `2..16` every whole
    number. Of a setting with a few words, or yes and no, the name alone stands for all of them.
    """
    name, equals, values = text.partition("=")
    return parse_values(name, values if equals else None)


def parse_values(name: str, values: str | None) -> Varied:
    """Read the values of a setting, as `parse_varied`; None: all that it can have. Raises VaryError."""
    text = name if values is None else f"{name}={values}"
    varied = _setting(name.strip(), text)
    if values is None:
        return _all_words(varied, text)
    if len(values) > _LONGEST:
        raise VaryError(f"{shown(text)}: is too long: at most {_LONGEST:,} characters of values are read")
    found: list[object] = []
    is_spaced = varied.logarithmic
    for item in values.split(","):
        if not item.strip():
            raise VaryError(f"{shown(text)}: lacks a value: it must be like {_example(varied)}")
        low, dots, rest = item.partition("..")
        if not dots or varied.kind not in (int, float):
            found.append(_value(varied, item, text))
            continue
        high, colon, count = rest.partition(":")
        ends = (_value(varied, low, text), _value(varied, high, text))
        found += _range(varied, ends, count if colon else None, text)
        is_spaced = is_spaced and bool(colon)
    seen: set[object] = set()
    for value in found:
        if value in seen:
            raise VaryError(f"{shown(text)}: has {varied.format(value)} twice")
        seen.add(value)
    logarithmic = is_spaced and all(isinstance(value, (int, float)) and value > 0 for value in found)
    return Varied(path=varied.path, values=tuple(found), logarithmic=logarithmic)


def seeds_from(base: Experiment, count: int) -> Varied:
    """Return so many seeds, counted up from the one that the experiment has. Raises VaryError."""
    first, largest = base.training.seed, setting(SEED).maximum or 0
    if not 1 <= count <= MOST_MEMBERS:
        raise VaryError(f"--seeds {count}: must be from 1 to {MOST_MEMBERS:,}")
    if first + count - 1 > largest:
        raise VaryError(f"--seeds {count}: go on from seed {first}, and the largest is {largest:.0f}")
    return Varied(path=SEED, values=tuple(range(first, first + count)))


def comparison_of(base: Experiment, varied: Iterable[Varied], seeds: int | None = None) -> Comparison:
    """Return the comparison in which these vary, and so many seeds last. Raises VaryError where there is none."""
    everything = list(varied)
    for number, each in enumerate(everything):
        if each.path in (other.path for other in everything[:number]):
            raise VaryError(f"{_name(each)}: varies twice: give all of its values at once")
    if seeds is not None:
        if any(each.path == SEED for each in everything):
            raise VaryError(f"--seeds {seeds}: the seeds are given already, as seed=…: give one of them")
        everything.append(seeds_from(base, seeds))
    if not base.training.learn:
        raise VaryError(f"{shown(base.name)}: learns nothing, and networks are compared by what they learn")
    comparison = Comparison(base=base, varied=tuple(everything))
    if not everything:
        raise VaryError("nothing varies: --seeds 64 compares 64 seeds, and --vary lr=0.001..1:24 learning rates")
    if comparison.members > MOST_MEMBERS:
        product = " × ".join(f"{len(each.values):,} {_name(each)}" for each in everything)
        raise VaryError(f"{comparison.members:,} networks are too many ({product}): at most {MOST_MEMBERS:,}")
    return comparison


def vary_text(varied: Varied) -> str:
    """Write what varies so that `parse_varied` reads the same values, a row of whole numbers as a range."""
    values = varied.values
    if _is_every_number(values):
        return f"{_name(varied)}={values[0]}..{values[-1]}"
    return f"{_name(varied)}={','.join(map(varied.text, range(len(values))))}"


def brief_text(varied: Varied) -> str:
    """Write what varies; of many values the first, the last, and how many there are."""
    text = vary_text(varied)
    if ".." in text or len(varied.values) <= _MOST_VALUES:
        return text
    return f"{_name(varied)}={varied.text(0)}..{varied.text(-1)}:{len(varied.values)}"


# ---- one setting --------------------------------------------------------------------------------------------------


def _setting(name: str, text: str) -> Setting:
    names: dict[str, Setting] = {}
    for each in SETTINGS:
        for known in (each.path, each.name, each.name.replace("_", "-"), short_name(each)):
            names.setdefault(known, each)
    found = names.get(name.removeprefix("--"))
    if found is None:
        if name == "gap":
            raise VaryError(f"{shown(text)}: gap cannot vary: {why_alike(setting('data.inputs'))}")
        may = [known for known, each in names.items() if not why_alike(each) and "." not in known]
        like = difflib.get_close_matches(name, may, n=1, cutoff=0.5)
        hint = f"nearest: {like[0]}" if like else "as in lr=0.001..1:24 or cell=rnn,gru,lstm"
        raise VaryError(f"{shown(name)}: no such setting; {hint}")
    if reason := why_alike(found):
        raise VaryError(f"{shown(text)}: {short_name(found)} cannot vary: {reason}")
    return found


def _all_words(varied: Setting, text: str) -> Varied:
    if varied.kind is bool:
        return Varied(path=varied.path, values=(False, True))
    if varied.choices:
        return Varied(path=varied.path, values=varied.choices)
    raise VaryError(f"{shown(text)}: lacks its values: it must be like {_example(varied)}")


def _value(varied: Setting, item: str, text: str) -> object:
    """Read one value. Raises VaryError."""
    word = item.strip()
    try:
        value: object = varied.parse(word)
    except ValueError:
        value = None
    if value is None or (varied.choices and value not in varied.choices):
        raise VaryError(f"{shown(text)}: {shown(word)} is not {varied.wanted}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if problem := varied.range_problem(value):
            raise VaryError(f"{shown(text)}: {shown(word)} {problem}")
        value += 0  # -0.0 is 0
    return value


def _range(varied: Setting, ends: tuple[object, object], count: str | None, text: str) -> Sequence[object]:
    """Return the values of a range, both ends with them. Raises VaryError."""
    low, high = ends
    assert isinstance(low, (int, float))
    assert isinstance(high, (int, float))
    first, last = varied.format(low), varied.format(high)
    if low > high:
        right = f"{last}..{first}" + ("" if count is None else f":{count.strip()}")
        raise VaryError(f"{shown(text)}: is upside down: it must be {short_name(varied)}={shown(right)}")
    room = int(high - low) + 1 if varied.kind is int else math.inf
    if count is None:
        if varied.kind is float:
            example = f"{short_name(varied)}={first}..{last}:24"
            raise VaryError(f"{shown(text)}: lacks how many values: it must be like {example}")
        if room > MOST_MEMBERS:
            some = f"{short_name(varied)}={first}..{last}:16 takes 16 of them"
            limit = f"at most {MOST_MEMBERS:,} networks can be compared"
            raise VaryError(f"{shown(text)}: has {room:,} values, and {limit}; {some}")
        return range(int(low), int(high) + 1)
    word = count.strip()
    if not (word.isascii() and word.isdecimal() and len(word) <= 9) or not 2 <= int(word) <= MOST_MEMBERS:
        problem = f"must be a whole number from 2 to {MOST_MEMBERS:,}, the number of values"
        raise VaryError(f"{shown(text)}: {shown(word)} after the colon {problem}")
    if int(word) > room or low == high:
        there = f"only {room:,} whole numbers" if varied.kind is int else "one number only"
        raise VaryError(f"{shown(text)}: {word} values are too many: there {'is' if low == high else 'are'} {there}")
    if varied.logarithmic and not low:
        right = f"it must be like {_example(varied)}, or a list"
        raise VaryError(f"{shown(text)}: its values are spaced by a factor, so it cannot begin at 0: {right}")
    return spread(low, high, int(word), logarithmic=varied.logarithmic)


def _example(varied: Setting) -> str:
    name = short_name(varied)
    if varied.kind is bool:
        return f"{name}=yes,no"
    if varied.choices:
        return f"{name}={','.join(varied.choices[:3])}"
    if varied.kind is int:
        return f"{name}=2..16 or {name}=2..16:4"
    return f"{name}=0.001..1:24" if varied.logarithmic else f"{name}=0.1..0.5:5"


def _name(varied: Varied) -> str:
    return short_name(setting(varied.path))


def _is_every_number(values: tuple[object, ...]) -> bool:
    """Tell whether these are whole numbers, each one more than the last."""
    if len(values) < 3 or not all(type(value) is int for value in values):
        return False
    numbers = [value for value in values if isinstance(value, int)]
    return numbers == [*range(numbers[0], numbers[0] + len(numbers))]
