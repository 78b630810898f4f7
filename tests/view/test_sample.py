"""The pane that writes: typed by hand, its dialog, and what it asks the engine."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from textual import events
from textual.widgets import Button

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.sampling_settings import MOST_PRIME
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.tokenizers import tokenizer_of
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.commands import Play
from rnn_tui.protocol.inspect.sample import SampleAsk, SampleFacts
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.sample import SamplePane, chosen_sample
from rnn_tui.view.screens.generation import GenerationScreen
from tests.view.dialogs import NOTHING, SIZES, Host, answer_to, assert_inside, screen_text
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, text_of, until

ASK = SampleAsk(prime="h")
DOWN = ["down"]
NONE = np.zeros(0, np.float32)
NOTHING_SAID = SampleFacts(prime=NONE.astype(np.int32), prime_p=NONE, greedy=NONE.astype(np.int32), greedy_p=NONE,
                           sampled=NONE.astype(np.int32), sampled_p=NONE, next=NONE.astype(np.int32), next_p=NONE,
                           next_drawn=NONE)  # fmt: skip
LINES = from_dict({"data": {"inputs": ["ab\n\tab"]}, "network": {"head": "linear"}})


def facts(prime: list[int]) -> SampleFacts:
    """In `hielo`: after the prime, `ello` greedily, and `eeel` drawn."""
    return replace(
        NOTHING_SAID,
        prime=np.array(prime, np.int32),
        prime_p=np.array([0.0, *[0.25] * len(prime)][: len(prime)], np.float32),
        greedy=np.array([2, 3, 3, 4], np.int32), greedy_p=np.array([0.9, 0.8, 0.7, 0.6], np.float32),
        sampled=np.array([2, 2, 2, 3], np.int32), sampled_p=np.array([0.5, 0.4, 0.3, 0.2], np.float32),
        next=np.array([2, 0], np.int32), next_p=np.array([0.9, 0.1], np.float32),
        next_drawn=np.array([0.75, 0.25], np.float32),
    )  # fmt: skip


def asked(engine: FakeEngine) -> SampleAsk:
    """The newest ask: not every look has one."""
    return next(ask for look in reversed(engine.looks) for ask in look.wanted.inside if isinstance(ask, SampleAsk))


def pane_of(app: RnnApp) -> SamplePane:
    pane = app.main.grid.pane("sample")
    assert isinstance(pane, SamplePane)
    return pane


async def test_it_asks_from_the_first_character_for_as_many_as_fit() -> None:
    async with running() as (pilot, _, engine):
        await pilot.press("G")
        await until(pilot, lambda: any(look.wanted.inside for look in engine.looks))
        assert asked(engine) == SampleAsk(prime="h", length=200)
        await pilot.press("O", *DOWN * 4, *"2000", "enter")
        await until(pilot, lambda: asked(engine).length != 200)
        assert 200 < asked(engine).length < 1000


async def test_every_key_typed_is_asked_at_once_and_none_does_anything_else() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("G", "enter")
        pane = pane_of(app)
        await until(pilot, lambda: pane.typing)
        assert pane.has_class("-typing")
        assert asked(engine).prime == "h"  # until a key is pressed
        seen = ""
        for key, character in (("e", "e"), ("q", "q"), ("space", " "), ("G", "G"), ("full_stop", "."), ("é", "é")):
            await pilot.press(key)
            seen += character
            await until(pilot, lambda: asked(engine).prime == seen)  # noqa: B023
        await pilot.press("backspace", "backspace")
        await until(pilot, lambda: asked(engine).prime == "eq G")
        await pilot.press("ctrl+u")
        await until(pilot, lambda: asked(engine).prime == "")
        await pilot.press("l", "o")
        await until(pilot, lambda: asked(engine).prime == "lo")
        assert engine.heard() == []
        await pilot.press("enter")
        assert not pane.typing
        await pilot.press("space")
        assert engine.heard() == [Play(on=False)]
        assert app.main.view.prime == "lo"


async def test_keys_that_are_no_text_do_what_they_always_do() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("G", "enter", "e", "right")
        assert len(engine.heard()) == 1
        assert pane_of(app).typing
        await pilot.press("tab")
        await until(pilot, lambda: not pane_of(app).typing)


async def test_escape_ends_typing_and_nothing_else() -> None:
    async with running() as (pilot, app, _):
        await pilot.press("G", "enter", "escape")
        assert not pane_of(app).typing
        assert pane_of(app) in app.main.grid.shown
        await pilot.press("escape")
        assert pane_of(app) not in app.main.grid.shown


async def test_enter_does_nothing_where_there_is_no_pane_or_nothing_to_write() -> None:
    async with running() as (pilot, app, _):
        await pilot.press("enter")
        assert app.main.grid.active is None
        await pilot.press("G")
        assert not pane_of(app).typing
    for lesson in ("hello", "sine"):
        async with running(lesson) as (pilot, app, engine):
            await pilot.press("G", "enter")
            assert not pane_of(app).typing
            engine.extra = {"inside": (replace(NOTHING_SAID, note="It cannot write."),)}
            engine.move()
            await until(pilot, lambda: "It cannot write." in text_of(app, "#sample"))
            assert "enter: type" not in text_of(app, "#sample")


BOTH_WAYS = from_dict({"data": {"pairs": "a.tsv", "vocabulary": "ehilo"}, "training": {"tick": "sequence"},
                       "network": {"head": "linear", "bidirectional": True}})  # fmt: skip


@pytest.mark.parametrize(("refused", "offered"), [(False, True), (True, False), (None, False)])
def test_typing_is_offered_for_pairs_that_are_read_both_ways_where_the_engine_answers(
    refused: bool | None, offered: bool
) -> None:
    answer = None if refused is None else (replace(NOTHING_SAID, refused=refused), 7)  # None: it has not answered yet
    scene: Any = SimpleNamespace(experiment=BOTH_WAYS, newest=lambda _: answer)
    assert ("enter type" in SamplePane().subtitle(scene)) == offered


async def test_the_mouse_tells_no_likelihood_of_what_is_answered() -> None:
    async with running("spell") as (pilot, app, engine):
        engine.extra = {"inside": (replace(facts([0, 1]), says="answer"),)}
        await pilot.press("G", "enter", "1", "2", "escape")
        await until(pilot, lambda: "prime 12" in text_of(app, "#sample"))
        rows = text_of(app, "#sample").split("\n")
        y = next(y for y, row in enumerate(rows) if "prime 12" in row)
        await pilot.hover(pane_of(app), offset=(rows[y].index("prime 12") + 7, y))
        await until(pilot, lambda: "2: read, and answered below" in str(pane_of(app).border_subtitle))


async def test_line_breaks_and_tabs_are_typed_where_the_text_has_them() -> None:
    async with running(LINES) as (pilot, app, engine):
        await pilot.press("G", "enter", "a", "b", "enter", "tab")
        await until(pilot, lambda: asked(engine).prime == "ab\n\t")
        pane_of(app).post_message(events.Paste("a\r\nb\ud800"))
        await until(pilot, lambda: asked(engine).prime == "ab\n\ta\nb?")
        pane_of(app).post_message(events.Paste("x" * 2000))
        await until(pilot, lambda: len(asked(engine).prime) == MOST_PRIME)


async def test_what_is_typed_is_on_the_screen_before_it_is_answered() -> None:
    async with running() as (pilot, app, engine):
        engine.extra = {"inside": (facts([0]),)}
        await pilot.press("G")
        await until(pilot, lambda: "ello" in text_of(app, "#sample"))
        await pilot.press("enter", "h", "i", "x")
        await until(pilot, lambda: "prime hix" in text_of(app, "#sample"))
        text = text_of(app, "#sample")
        for words in ("hiello", "hieeel", ".900", ".750", "typing", "temperature 1 · seed 0"):
            assert words in text


async def test_words_have_blanks_between_them_and_are_known_or_not() -> None:
    data = {"text": "a.txt", "tokens": "word", "vocabulary": "\n the cat sat ran"}
    experiment = from_dict({"data": data, "network": {"head": "linear"}, "training": {"tick": "sequence"}})
    async with running(experiment) as (pilot, app, engine):
        engine.extra = {"inside": (facts([1, 2]),)}
        await pilot.press("G")
        await until(pilot, lambda: "cat sat" in text_of(app, "#sample"))
        assert asked(engine).prime == "\n"
        await pilot.press("enter", *"the", "space", *"dog")
        await until(pilot, lambda: "prime the dog" in text_of(app, "#sample"))
        assert "cat sat sat ran" in text_of(app, "#sample")
        assert asked(engine).prime == "the dog"
        scene = app.main.scene
        assert scene is not None
        prime = pane_of(app)._prime(scene)
        assert prime.known == (True, False)
        column = app.main.grid.columns
        assert column.narrowest >= 4


async def test_it_stays_between_two_answers_and_names_the_tick_of_its_text() -> None:
    async with running() as (pilot, app, engine):
        engine.extra = {"inside": (facts([0]),)}
        await pilot.press("G")
        await until(pilot, lambda: "ello" in text_of(app, "#sample"))
        engine.extra = {}  # frames that have none
        tick = engine.status.tick
        await until(pilot, lambda: f"seed 0 · tick {tick:,}" in text_of(app, "#sample"))
        engine.move(tick=tick + 1)
        await until(pilot, lambda: app.run_state.tick == tick + 1)
        assert "ello" in text_of(app, "#sample")
        assert f"seed 0 · tick {tick:,}" in text_of(app, "#sample")


async def test_the_mouse_tells_exact_probabilities() -> None:
    async with running() as (pilot, app, engine):
        engine.extra = {"inside": (facts([0, 1]),)}
        await pilot.press("G", "enter", "h", "i", "escape")
        await until(pilot, lambda: "hiello" in text_of(app, "#sample"))
        pane, rows = pane_of(app), text_of(app, "#sample").split("\n")

        def place(words: str, at: int) -> tuple[int, int]:
            y = next(y for y, row in enumerate(rows) if words in row)
            return rows[y].index(words) + at, y

        for words, at, told in (
            ("hiello", 2, "greedy 1: e p=0.9000000"),
            ("hieeel", 5, "sampled 4: l p=0.2000000"),
            ("prime hi", 7, "i after h: p=0.2500000"),
            ("prime hi", 6, "fed first"),
            (".900", 0, "e: p=0.9000000 · drawn with 0.7500000"),
        ):
            await pilot.hover(pane, offset=place(words, at))
            await until(pilot, lambda: told in str(pane.border_subtitle))  # noqa: B023


async def test_seeds_go_up_and_down_and_never_below_zero() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("G", "full_stop", "full_stop", "comma")
        await until(pilot, lambda: asked(engine).seed == 1)
        await pilot.press("comma", "comma")
        assert app.main.view.sample.seed == 0


async def test_another_lesson_has_another_prime_and_keeps_the_rest() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("G", "o", "enter", "e", "escape")
        await until(pilot, lambda: (asked(engine).prime, asked(engine).temperature) == ("e", 1.5))
        app.tell(app.run_state.open_instead(LESSONS["ohlol"]))
        await until(pilot, lambda: engine.experiment == LESSONS["ohlol"])
        await until(pilot, lambda: (asked(engine).prime, asked(engine).temperature) == ("hello", 1.5))


async def test_what_was_typed_for_other_data_is_over() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("G", "enter", "e")
        await until(pilot, lambda: asked(engine).prime == "e")
        app.tell(app.run_state.open_instead(LINES))
        await until(pilot, lambda: not pane_of(app).typing)
        await until(pilot, lambda: asked(engine).prime == "a")


# ---- the dialog ---------------------------------------------------------------------------------------------------


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], ASK),
        (["ctrl+s"], ASK),
        (["escape"], None),
        (["end", *"ello", "enter"], replace(ASK, prime="hello")),
        (["end", *"\\n", "enter"], replace(ASK, prime="h\n")),
        (["backspace", "enter"], replace(ASK, prime="")),
        ([*DOWN, *["backspace"] * 3, *"0.5", "enter"], replace(ASK, temperature=0.5)),
        ([*DOWN * 2, "backspace", *"3", "enter"], replace(ASK, top_k=3)),
        ([*DOWN * 3, *"12", "enter"], replace(ASK, seed=12)),
        ([*DOWN * 4, "end", *"0", "enter"], replace(ASK, length=2000)),
        ([*"\\q", "enter"], NOTHING),
        ([*DOWN, "backspace", *"-1", "enter"], NOTHING),
        ([*DOWN, "backspace", *"nan", "enter"], NOTHING),
        ([*DOWN, *["backspace"] * 3, "enter"], NOTHING),
        ([*DOWN * 2, *".5", "enter"], NOTHING),
        ([*DOWN * 3, "backspace", *str(2**63), "enter"], NOTHING),
        ([*DOWN * 4, *"2001", "enter"], NOTHING),
    ],
)
async def test_what_the_dialog_answers(keys: list[str], answer: Any) -> None:
    assert await answer_to(GenerationScreen(ASK, tokenizer_of("char", "hielo\n")), *keys) == answer


async def test_errors_stand_below_their_line_and_strange_characters_are_named() -> None:
    app = Host(GenerationScreen(ASK, tokenizer_of("char", "hielo")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("é")
        await pilot.pause()
        assert "✓ not in the vocabulary, and left out: é" in screen_text(pilot)
        await pilot.press(*DOWN * 4, *"2001")
        await pilot.pause()
        assert "2001 is too large: it must be at most 2,000" in screen_text(pilot)
        assert "✗ not yet" in screen_text(pilot)
        assert app.screen.query_one(Button).disabled


@pytest.mark.parametrize("size", SIZES)
async def test_the_dialog_fits(size: tuple[int, int]) -> None:
    app = Host(GenerationScreen(ASK, tokenizer_of("char", "hielo")), theme=1)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert_inside(pilot)
        for label in ("prime", "temperature", "top-k", "seed", "length", "goes on from"):
            assert label in screen_text(pilot)


async def test_the_dialog_sets_all_and_opens_the_pane() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, GenerationScreen))
        await pilot.press("end", *"el", *DOWN * 2, *"5", "enter")
        await until(pilot, lambda: app.screen is app.main and pane_of(app) in app.main.grid.shown)
        await until(pilot, lambda: any(look.wanted.inside for look in engine.looks))
        assert asked(engine) == SampleAsk(prime="hel", top_k=5)
        assert "top 5" in str(pane_of(app).border_title)


async def test_what_is_typed_takes_the_place_of_a_prime_that_nobody_chose() -> None:
    """`hih` is `hih`, not `hhih`; what somebody typed before is gone on with."""
    async with running() as (pilot, app, engine):
        await pilot.press("G", "enter")
        await until(pilot, lambda: pane_of(app).typing)
        await pilot.press("escape")
        assert app.main.view.prime is None
        await pilot.press("enter", *"hih")
        await until(pilot, lambda: asked(engine).prime == "hih")
        await pilot.press("escape", "enter", "e")
        await until(pilot, lambda: asked(engine).prime == "hihe")


@pytest.mark.parametrize("experiment", [LESSONS["hihello"], LINES])
def test_the_default_prime_is_in_the_vocabulary(experiment: Experiment) -> None:
    assert chosen_sample(experiment, ViewState(row=99)).prime == experiment.data.inputs[0][0]


@pytest.mark.parametrize(
    ("data", "prime"),
    [
        ({"text": "a.txt", "vocabulary": "\nab"}, "\n"),  # the text itself is not known here
        ({"text": "a.txt"}, ""),  # nor its characters, before it has been read
        ({"pairs": "a.tsv", "vocabulary": "xy"}, ""),  # the engine takes its first
        ({"series": "a.csv"}, ""),
        ({"inputs": ("12", "x"), "targets": ("a", "b"), "task": "many-to-one"}, "x"),
        ({"inputs": ("12", "345"), "targets": ("a", "b"), "task": "many-to-one"}, "345"),  # it answers to all of it
        ({"inputs": ("hello",), "targets": ("ohlol",)}, "hello"),
    ],
)
def test_of_a_file_it_begins_with_the_first_of_the_vocabulary(data: dict[str, Any], prime: str) -> None:
    experiment = from_dict({"data": data, "network": {"head": "linear"}})
    assert chosen_sample(experiment, ViewState(row=1)).prime == prime
