"""Free generation, against plain loops over torch's own modules, NumPy, and statistics."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from rnn_tui.engine.answers import sample
from rnn_tui.engine.answers.sample import sample_facts
from rnn_tui.engine.inspect.generate import Choice, drawn, generate, generate_batch
from rnn_tui.engine.network.model import Model
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.task_layout import response_kind
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.sample import SampleAsk
from tests.engine.answers.test_probe import experiments, ticked
from tests.engine.passes import focus_of
from tests.engine.training.test_pairs_training import on_pairs
from tests.examples import examples

REFUSED = {name: "Nothing is learnt" for name, lesson in LESSONS.items() if not lesson.training.learn}
REFUSED |= dict.fromkeys(("sine", "adding", "flip-flop"), "It predicts numbers")


def plain_logits(trainer: Trainer, indices: list[int]) -> Any:
    """Return the model's own logits after each of these characters, read in one go from h_0 = 0; (T, C) float64."""
    experiment = trainer.experiment
    network, classes = experiment.network, len(experiment.vocabulary)
    x = torch.tensor(indices)[:, None]  # (T, 1)
    read = x if network.embedding else nn.functional.one_hot(x, classes).float()
    h_0 = torch.zeros(network.layers * network.directions, 1, network.hidden_size)
    with torch.no_grad():
        read = read.transpose(0, 1) if network.batch_first else read
        logits, _ = trainer.model(read, (h_0, h_0) if network.cell == "lstm" else h_0)
    return logits.reshape(len(indices), classes).double().numpy()


def softmax(logits: Any) -> Any:
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def restricted(logits: Any, temperature: float, top_k: int) -> Any:
    """softmax(logits / T) over the k likeliest, of equals the first; or all on the likeliest."""
    keep = np.argsort(-logits, kind="stable")[: 1 if temperature == 0 else top_k or len(logits)]
    p = np.zeros(len(logits))
    p[keep] = softmax(logits[keep] / (temperature or 1))
    return p


def one_way(experiment: Experiment) -> bool:
    return not experiment.network.bidirectional


def with_next_characters(experiment: Experiment) -> Experiment:
    """The same with targets after which it can go on with a text."""
    values = to_dict(experiment)
    values["data"]["targets"] = [row[1:] + row[0] for row in experiment.data.inputs]
    return from_dict(values)


@given(experiments(learn=True), st.integers(0, 3), st.data())
@settings(max_examples=examples(25), deadline=None)
def test_a_network_with_other_targets_says_a_character_to_each(
    experiment: Experiment, ticks: int, data: st.DataObject
) -> None:
    """Also one that reads from both sides: the whole text is there."""
    if response_kind(experiment.data) != "each":
        return
    trainer, _ = ticked(experiment, ticks)
    prime = data.draw(st.text(experiment.vocabulary, min_size=1, max_size=5))
    seed, temperature = data.draw(st.integers(0, 99)), data.draw(st.sampled_from([0.0, 0.7]))
    facts = sample_facts(focus_of(trainer), SampleAsk(prime=prime, temperature=temperature, seed=seed))
    assert (facts.note, facts.says) == ("", "each")
    logits = plain_logits(trainer, [experiment.vocabulary.index(character) for character in prime])
    luck = torch.rand(len(prime), generator=torch.Generator().manual_seed(seed), dtype=torch.float64).numpy()
    assert len(facts.greedy) == len(facts.sampled) == len(prime)
    for row, index, p, drawn_index, number in zip(
        logits, facts.greedy, facts.greedy_p, facts.sampled, luck, strict=True
    ):
        assert row[index] >= row.max() - 1e-5
        assert p == pytest.approx(softmax(row)[index], rel=1e-4)
        order = np.argsort(-row, kind="stable")
        reached = np.cumsum(restricted(row, temperature, 0)[order])
        place = int(np.flatnonzero(order == drawn_index)[0])
        before = reached[place - 1] if place else 0.0
        assert before - 1e-5 <= number * reached[-1] <= reached[place] + 1e-5 or np.ptp(row) < 1e-5
    assert_allclose(facts.next_p, softmax(logits[-1])[facts.next], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("lesson", "ticks", "prime", "says"), [("spell", 300, "7", "answer"), ("read", 150, "six", "one")]
)
def test_an_answer_ends_where_it_ends(lesson: str, ticks: int, prime: str, says: str) -> None:
    trainer, _ = ticked(LESSONS[lesson], ticks)
    facts = sample_facts(focus_of(trainer), SampleAsk(prime=prime, seed=3))
    vocabulary = trainer.experiment.vocabulary
    assert (facts.note, facts.says) == ("", says)
    assert "".join(vocabulary[index] for index in facts.greedy) == {"answer": "seven\n", "one": "6"}[says]
    assert len(facts.greedy_p) == len(facts.greedy)
    cut = sample_facts(focus_of(trainer), SampleAsk(prime=prime, length=3))
    assert (cut.note, len(cut.greedy)) == ("", min(3, len(facts.greedy)))


def test_where_nobody_has_chosen_a_prime_pairs_give_their_first() -> None:
    trainer, _ = ticked(from_dict(to_dict(LESSONS["sums"]) | {"network": {"head": "linear"}}), 1)
    facts = sample_facts(focus_of(trainer), SampleAsk(default=True))
    prime = "".join(trainer.experiment.vocabulary[index] for index in facts.prime)
    first, _, rest = prime.partition("+")
    assert rest == f"{first}="  # the sums begin with those of a number with itself
    assert facts.says == "answer"
    assert "needs a character" in sample_facts(focus_of(trainer), SampleAsk()).note


@pytest.mark.parametrize(("pairs", "refused"), [([("abc", "bca")], True), ([("abc", "cab")], False)])
def test_pairs_that_are_read_both_ways_are_refused_where_it_would_go_on(
    pairs: list[tuple[str, str]], refused: bool, tmp_path: Path
) -> None:
    trainer, _ = ticked(on_pairs("many-to-many", pairs, file=tmp_path, network={"bidirectional": True}), 1)
    facts = sample_facts(focus_of(trainer), SampleAsk(prime="abc"))
    assert facts.refused == refused == bool(facts.note)
    assert len(facts.greedy) == (0 if refused else 3)


@given(experiments(learn=True).filter(one_way).map(with_next_characters), st.integers(0, 9), st.data())
@settings(max_examples=examples(40), deadline=None)
def test_every_character_and_probability_is_the_one_that_the_model_gives(
    experiment: Experiment, ticks: int, data: st.DataObject
) -> None:
    trainer, _ = ticked(experiment, ticks)
    prime = data.draw(st.text(experiment.vocabulary, min_size=1, max_size=5))
    temperature, top_k = data.draw(st.sampled_from([0.0, 0.3, 1.0, 2.5])), data.draw(st.integers(0, 4))
    seed = data.draw(st.integers(0, 2**63 - 1))
    facts = sample_facts(
        focus_of(trainer), SampleAsk(prime=prime, temperature=temperature, top_k=top_k, seed=seed, length=12)
    )
    assert facts.note == ""
    fed = [experiment.vocabulary.index(character) for character in prime]
    assert_array_equal(facts.prime, fed)
    before = plain_logits(trainer, fed)
    expected = [0.0, *(softmax(row)[index] for row, index in zip(before, fed[1:], strict=False))]
    assert_allclose(facts.prime_p, expected, rtol=1e-4, atol=1e-6)

    p = softmax(before[-1])
    assert_allclose(facts.next_p, p[facts.next], rtol=1e-4, atol=1e-6)
    assert sorted(facts.next.tolist()) == list(range(len(p)))
    assert (np.diff(facts.next_p) <= 0).all()
    assert_allclose(facts.next_drawn, restricted(before[-1], temperature, top_k)[facts.next], rtol=1e-4, atol=1e-6)

    for text, shares in ((facts.greedy, facts.greedy_p), (facts.sampled, facts.sampled_p)):
        assert (len(text), len(shares)) == (12, 12)
        after = plain_logits(trainer, fed + text.tolist())[len(fed) - 1 : -1]
        assert_allclose(shares, [softmax(row)[index] for row, index in zip(after, text, strict=True)], rtol=1e-3)
        for row, index, which in zip(after, text, range(12), strict=True):
            if text is facts.greedy:
                assert row[index] >= row.max() - 1e-5, which
            else:
                assert restricted(row, temperature, top_k)[index] > 0 or np.ptp(row) < 1e-5, which


def test_greedy_is_a_plain_loop_over_single_modules() -> None:
    trainer, _ = ticked(LESSONS["hihello-lstm"], 60)
    weights, vocabulary = trainer.model.state_dict(), trainer.experiment.vocabulary
    cell = nn.LSTMCell(5, 5)
    cell.load_state_dict({name: weights[f"recurrent.{name}_l0"] for name in cell.state_dict()})
    h = c = torch.zeros(1, 5)
    said, index = "", vocabulary.index("h")
    for _ in range(40):
        h, c = cell(torch.eye(5)[[index]], (h, c))
        index = int(h.argmax())
        said += vocabulary[index]
    assert len(set(said)) > 2
    assert generate(trainer.model, trainer.experiment, "h", temperature=0, length=40) == said
    assert generate(trainer.model, trainer.experiment, "h", top_k=1, seed=9, length=40) == said
    facts = sample_facts(focus_of(trainer), SampleAsk(prime="h", length=40))
    assert "".join(vocabulary[at] for at in facts.greedy) == said


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, 0), (0.5, 0), (2.0, 3), (1.0, 1)])
def test_another_hand_draws_the_same_from_the_same_numbers(temperature: float, top_k: int) -> None:
    trainer, _ = ticked(LESSONS["hihello-embedding"], 30)
    vocabulary, length = trainer.experiment.vocabulary, 60
    luck = torch.rand(length, generator=torch.Generator().manual_seed(77), dtype=torch.float64).numpy()
    fed, said = [vocabulary.index("i")], []
    for number in luck:
        logits = plain_logits(trainer, fed)[-1]
        order = np.argsort(-logits, kind="stable")
        reached = np.cumsum(restricted(logits, temperature, top_k)[order])
        said.append(int(order[np.searchsorted(reached, number * reached[-1], side="right")]))
        fed.append(said[-1])
    facts = sample_facts(
        focus_of(trainer), SampleAsk(prime="i", temperature=temperature, top_k=top_k, seed=77, length=length)
    )
    assert facts.sampled.tolist() == said


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, 0), (0.6, 0), (3.0, 4), (0.8, 2)])
def test_how_often_each_is_drawn_follows_the_softmax(temperature: float, top_k: int) -> None:
    trainer, _ = ticked(LESSONS["ohlol"], 4)
    draws = 3000
    choices = [Choice(temperature=temperature, top_k=top_k, seed=seed) for seed in range(draws)]
    written = generate_batch(trainer.model, trainer.experiment, [0, 1], choices, 1)
    counts = np.bincount([int(line.characters[0]) for line in written.lines], minlength=4)
    expected = draws * restricted(plain_logits(trainer, [0, 1])[-1], temperature, top_k)
    there = expected > 0
    assert (counts[~there] == 0).all()
    statistic = float(((counts - expected)[there] ** 2 / expected[there]).sum())
    assert statistic < 16.3  # chi-square with 3 degrees of freedom: once in a thousand


@pytest.mark.parametrize("choice", [Choice(temperature=-1.0), Choice(temperature=math.nan), Choice(top_k=-1)])
def test_a_way_to_choose_that_is_none_is_refused_among_others_too(choice: Choice) -> None:
    trainer, _ = ticked(LESSONS["ohlol"], 1)
    with pytest.raises(ValueError, match="temperature must be a number of at least 0, and top-k at least 0"):
        generate_batch(trainer.model, trainer.experiment, [0], [Choice(), choice], 3)


def test_the_same_seed_is_the_same_text_and_a_longer_one_goes_on_from_it() -> None:
    trainer, _ = ticked(LESSONS["hihello"], 6)
    texts = {seed: generate(trainer.model, trainer.experiment, "h", seed=seed, length=50) for seed in (0, 1, 2**63 - 1)}
    assert len(set(texts.values())) == 3
    torch.manual_seed(1)
    for seed, text in texts.items():
        assert generate(trainer.model, trainer.experiment, "h", seed=seed, length=17) == text[:17]
    choices = [Choice(seed=seed) for seed in texts]
    lines = generate_batch(
        trainer.model, trainer.experiment, [trainer.experiment.vocabulary.index("h")], choices, 50
    ).lines
    spelled = ["".join(trainer.experiment.vocabulary[index] for index in line.characters) for line in lines]
    assert spelled == list(texts.values())  # beside others as alone


@pytest.mark.parametrize("lesson", sorted(LESSONS))
@pytest.mark.parametrize("ticks", [0, 1, 9])
@pytest.mark.sampled(20)
def test_in_every_lesson_it_writes_or_says_why_not(lesson: str, ticks: int) -> None:
    trainer, _ = ticked(LESSONS[lesson], ticks)
    prime = trainer.experiment.vocabulary[:2] or "h"
    facts = sample_facts(focus_of(trainer), SampleAsk(prime=prime, length=5))
    if lesson not in REFUSED:
        most = {"text": 5, "answer": 5, "each": len(prime), "one": 1}[response_kind(trainer.experiment.data)]
        assert facts.note == ""
        assert facts.says == response_kind(trainer.experiment.data)
        for text in (facts.greedy, facts.sampled):
            assert len(text) == most or (facts.says == "answer" and text[-1] == 0)
    else:
        assert REFUSED[lesson] in facts.note
        assert len(facts.greedy) == len(facts.sampled) == len(facts.next) == len(facts.prime) == 0
        with pytest.raises(ValueError, match=r"bidirectional|learnt|numbers"):
            generate(trainer.model, trainer.experiment, prime)


@pytest.mark.parametrize("lesson", ["hihello", "hihello-sequence", "ohlol-embedding", "hihello-gru", "ohlol-cell"])
@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_training_is_the_same_to_the_bit_with_the_pane_open(lesson: str, tick: Any) -> None:
    values = {"initial_state": "random"}
    experiment = LESSONS[lesson]
    experiment = from_dict(
        {
            "data": {"inputs": experiment.data.inputs, "targets": experiment.data.targets},
            "network": {**{name: getattr(experiment.network, name) for name in experiment.network.__struct_fields__},
                        **values},
            "training": {"tick": tick, "seed": 3},
        }
    )  # fmt: skip
    looked, left = Session(experiment), Session(experiment)
    prime = experiment.data.inputs[0][:2]
    for session in (left, looked):
        torch.manual_seed(5)
        for at in range(20):
            session.tick()
            if session is looked:
                assert session.trainer.model.training
                facts = session.probe.inside(Wanted(inside=(SampleAsk(prime=prime, seed=at, length=9),)))[0]
                assert facts.note == ""
                assert session.trainer.model.training
    for one, other in zip(looked.trainer.model.parameters(), left.trainer.model.parameters(), strict=True):
        assert torch.equal(one, other)
        assert (one.grad is None) == (other.grad is None)
        assert one.grad is None or other.grad is None or torch.equal(one.grad, other.grad)
    assert looked.losses.last() == left.losses.last()


def test_dropout_is_off_while_it_writes_and_on_again_after() -> None:
    trainer, _ = ticked(LESSONS["hihello-embedding"], 5)
    wanted = generate(trainer.model, trainer.experiment, "h", temperature=0, length=20)

    class Dropping(Model):
        def read_out(self, output: torch.Tensor) -> torch.Tensor:
            return super().read_out(nn.functional.dropout(output, 0.9, self.training))

    trainer.model.__class__ = Dropping
    for _ in range(3):
        assert generate(trainer.model, trainer.experiment, "h", temperature=0, length=20) == wanted
    assert trainer.model.training
    trainer.model.eval()
    generate(trainer.model, trainer.experiment, "h", length=2)
    assert not trainer.model.training


def test_what_the_vocabulary_lacks_is_named_and_the_rest_still_works() -> None:
    trainer, _ = ticked(LESSONS["hihello"], 6)
    focus = focus_of(trainer)
    without = sample_facts(focus, SampleAsk(prime="hi", length=9))
    facts = sample_facts(focus, SampleAsk(prime="éh\x1bié", length=9))
    assert facts.note == "é, ␛ are not in the vocabulary, and left out."
    assert sample_facts(focus, SampleAsk(prime="hé")).note == "é is not in the vocabulary, and left out."
    assert facts.prime.tolist() == [-1, without.prime[0], -1, without.prime[1], -1]
    assert_array_equal(facts.prime_p, [0, 0, 0, without.prime_p[1], 0])
    for name in ("greedy", "greedy_p", "sampled", "sampled_p", "next", "next_p", "next_drawn"):
        assert_array_equal(getattr(facts, name), getattr(without, name))
    none = sample_facts(focus, SampleAsk(prime="é€"))
    assert none.note.startswith("é, € are not in the vocabulary")
    assert "needs a character" in none.note
    assert len(none.greedy) == len(none.next) == 0
    assert "needs a character" in sample_facts(focus, SampleAsk()).note
    with pytest.raises(ValueError, match="'é' is not in the vocabulary"):
        generate(trainer.model, trainer.experiment, "hé")
    with pytest.raises(ValueError, match="empty"):
        generate(trainer.model, trainer.experiment, "")


def test_large_networks_write_less_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, _ = ticked(LESSONS["hihello"], 6)
    focus = focus_of(trainer)
    monkeypatch.setattr(sample, "_PRODUCTS", 60 * 12)  # 60 weights: 12 characters
    facts = sample_facts(focus, SampleAsk(prime="hielo" * 4, length=1500))
    assert (len(facts.greedy), len(facts.sampled), len(facts.prime), facts.skipped) == (12, 12, 12, 8)
    assert "only the last 12 characters of the prime" in facts.note
    assert "12 of 1,500 characters" in facts.note
    assert_array_equal(facts.greedy, sample_facts(focus, SampleAsk(prime="lohielohielo", length=12)).greedy)
    assert sample_facts(focus, SampleAsk(prime="hi" * 6, length=12)).note == ""


def test_no_character_is_chosen_from_what_is_no_number() -> None:
    trainer, _ = ticked(from_dict({"network": {"head": "linear"}}), 6)
    with torch.no_grad():
        next(trainer.model.recurrent.parameters()).fill_(torch.nan)
    facts = sample_facts(focus_of(trainer), SampleAsk(prime="hih", length=9))
    assert "NaN" in facts.note
    assert len(facts.greedy) == len(facts.sampled) == 0
    assert np.isnan(facts.next_p).all()
    assert np.isnan(facts.prime_p[1:]).all()


@pytest.mark.parametrize("temperature", [1e-300, 1e-9, 1e6])
def test_extreme_temperatures_are_limits(temperature: float) -> None:
    p = drawn(torch.tensor([1.0, 3.0, 2.0], dtype=torch.float64), Choice(temperature=temperature))
    assert_allclose(p, [0, 1, 0] if temperature < 1 else [1 / 3] * 3, atol=1e-5)


@pytest.mark.parametrize("choice", [{"temperature": -1.0}, {"temperature": float("nan")},
                                    {"temperature": float("inf")}, {"top_k": -1}])  # fmt: skip
def test_choices_that_make_no_sense_are_refused(choice: dict[str, Any]) -> None:
    trainer, _ = ticked(LESSONS["hihello"], 1)
    with pytest.raises(ValueError, match="temperature"):
        generate(trainer.model, trainer.experiment, "h", **choice)


def test_a_length_of_nothing_is_nothing() -> None:
    trainer, _ = ticked(LESSONS["hihello"], 1)
    facts = sample_facts(focus_of(trainer), SampleAsk(prime="h", length=0))
    assert len(facts.greedy) == len(facts.sampled) == 0
    assert len(facts.next) == 5
    assert facts.note == ""
