"""All networks of a comparison are checked before any of them trains."""

import pytest

from rnn_tui.experiment import memory
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.members import check_values, checked_members, member_name
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict
from rnn_tui.experiment.vary import VaryError, comparison_of, parse_varied

REFUSED = {
    (
        "hihello",
        ("hidden=5,8", "lr=0.1,0.2"),
    ): "hidden=8 lr=0.1: --hidden 8 does not fit a direct head: it needs 5 units, one for each "
    "character of the vocabulary, or a linear head",
    ("hihello", ("hidden=8",)): "hidden=8: does not fit a direct head: it needs 5 units, one for each character of the "
    "vocabulary, or a linear head",
    (
        "ohlol-embedding",
        ("layers=1,2", "dropout=0,0.5", "seed=1,2"),
    ): "layers=1 dropout=0.5: --dropout 0.5 does not fit one "
    "layer, since it works between two: it must be 0, or layers 2 or more",
    (
        "hihello",
        ("bidirectional=no,yes",),
    ): "bidirectional=yes: --hidden 5 does not fit a direct head: it needs 5 units in "
    "both directions together, one for each character of the vocabulary, or a linear head",
}


@pytest.mark.parametrize(("lesson", "texts"), REFUSED)
def test_settings_that_do_not_go_together_are_named(lesson: str, texts: tuple[str, ...]) -> None:
    with pytest.raises(VaryError) as caught:
        checked_members(comparison_of(LESSONS[lesson], map(parse_varied, texts)))
    assert str(caught.value) == REFUSED[lesson, texts]


def test_all_members_of_a_large_comparison_are_there() -> None:
    comparison = comparison_of(LESSONS["spell"], [parse_varied("cell=rnn,gru"), parse_varied("hidden=2..17")], 128)
    members = checked_members(comparison)
    assert len(members) == 4096
    assert members[4095] == comparison.experiment(4095)
    assert member_name(comparison, 4095) == "cell=gru hidden=17 seed=127"


def test_more_members_than_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes the bytes that one takes by itself; those that learn alone take them one after another."""
    comparison = comparison_of(LESSONS["spell"], [parse_varied("hidden=64,24")], 40)
    one = sum(memory.memory_bytes(comparison.experiment(member)) for member in (0, 40))
    monkeypatch.setattr(memory, "physical_memory", lambda: int(40 * one / 0.8) + 1)
    checked_members(comparison)
    monkeypatch.setattr(memory, "physical_memory", lambda: int(40 * one / 0.8) - 10)
    fit = 40 * one // memory.memory_bytes(comparison.experiment(0))
    with pytest.raises(VaryError) as caught:
        checked_members(comparison)
    assert str(caught.value).startswith(
        "80 networks at once would take about 0.0 GiB; this machine has 0.0 GiB, a fifth"
    )
    assert str(caught.value).endswith(f" of it for others: compare at most {fit} of the largest, or reduce --hidden")
    monkeypatch.setattr(memory, "is_large", lambda each: each.network.hidden_size == 64)
    checked_members(comparison)
    monkeypatch.setattr(memory, "is_large", lambda _: True)
    checked_members(comparison)
    monkeypatch.setattr(memory, "physical_memory", lambda: int(memory.memory_bytes(comparison.experiment(0)) / 0.8) - 9)
    with pytest.raises(VaryError, match=r"^one of the networks would take about .*: reduce --hidden$"):
        checked_members(comparison)


def test_values_are_checked_at_little_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    one = Comparison.experiment

    def counted(self: Comparison, member: int) -> Experiment:
        made.append(member)
        return one(self, member)

    monkeypatch.setattr(Comparison, "experiment", counted)
    check_values(comparison_of(LESSONS["hihello-embedding"], [parse_varied("hidden=2..65")], 64))
    assert len(made) == 128
    with pytest.raises(VaryError, match="hidden=65: does not fit a direct head"):
        check_values(comparison_of(LESSONS["hihello"], [parse_varied("hidden=5,65")], 4))


def test_one_long_text_is_to_blame_where_it_takes_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the only one: what is tried in its place is its own first character."""
    experiment = from_dict({"data": {"inputs": ["ab" * 5000]}, "network": {"hidden_size": 2}})
    monkeypatch.setattr(memory, "physical_memory", lambda: memory.memory_bytes(experiment))
    with pytest.raises(ExperimentError, match=r"would take about .* for the states of every time step") as caught:
        memory.check_memory(experiment)
    assert caught.value.path == "data.inputs"
