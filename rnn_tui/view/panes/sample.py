"""What the network writes by itself, and what it expects after each key that is typed."""

from dataclasses import dataclass

from msgspec.structs import replace
from textual import events
from textual.message import Message
from textual.strip import Strip

from rnn_tui.common.glyphs import token_glyph
from rnn_tui.draw.sample.layout import Prime, lay_out_sample, text_room
from rnn_tui.draw.sample.sample import draw_sample, text_names
from rnn_tui.experiment.sampling_settings import MOST_PRIME
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.task_layout import response_kind
from rnn_tui.protocol.inspect.sample import SampleAsk, SampleFacts
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["SamplePane", "chosen_sample"]

_TEMPERATURES = (0.2, 0.5, 0.8, 1.0, 1.5)
_LARGEST_SEED = 2**63 - 1


class SamplePane(InsidePane[SampleFacts]):
    """The prime, what is expected next, and two texts that follow. While one types in it, it keeps the keys."""

    ID = "sample"
    NAME = "Generate"
    HOME = "side"
    EXPLANATION = Explanation(
        shows="What the network writes when it reads its own output: from h₀ = 0 it reads the prime, then each "
        "character it has just predicted. Once it takes the likeliest, once one drawn at random, with this "
        "tick's weights.",
        read="The brighter a character, the surer the network was of it. The bars are what it expects next; below "
        "the prime you see how likely each of its characters was. A network that has learnt answers gives its "
        "answer and stops. T below 1 makes it more cautious, above 1 more daring.",
        then="Press enter and type: after every key the bars show what it expects next. Let it train meanwhile. O "
        "sets prime, T, top-k and length.",
    )

    @dataclass
    class Typed(Message):
        """Another text to go on from was typed."""

        prime: str

    @dataclass
    class TypingChanged(Message):
        """Keys are text now, or no longer."""

    def __init__(self) -> None:
        super().__init__()
        self._typed: str | None = None  # while typing: keys may come faster than they are drawn
        self._replaces = False  # the prime was not chosen: the first key replaces it
        self._typed_for: Experiment | None = None

    # ---- what is asked, and drawn -----------------------------------------------------------------------------

    def ask(self, experiment: Experiment, view: ViewState) -> SampleAsk:
        """Return the ask for as many characters as there can be room for."""
        sample = chosen_sample(experiment, view)
        return replace(sample, length=min(sample.length, text_room(*self.size)))

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the next temperature."""
        now = view.sample.temperature
        higher = next((each for each in _TEMPERATURES if each > now), _TEMPERATURES[0])
        return replace(view, sample=replace(view.sample, temperature=higher))

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """Return the view with the next seed."""
        seed = min(max(view.sample.seed + by, 0), _LARGEST_SEED)
        return replace(view, sample=replace(view.sample, seed=seed))

    def title(self, scene: Scene) -> str:
        """Return how the second text is drawn, and the tick."""
        how, tick = _how(scene.view.sample), self.tick(scene)
        seed = "" if scene.view.sample.temperature == 0 else f"seed {scene.view.sample.seed:,}"
        short = self.titled(seed, tick) if seed else self.titled(tick)
        return self.in_border(self.titled(how, tick), short, self.titled(how), self.titled(tick))

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose, if the network can write."""
        if not self._writes(scene):
            return ""
        if self._typed is None:
            enter = "" if self._is_led else "enter type · "
            keys = f"{enter}o temperature · , . seed · O"
            return self.in_border(f"{keys} all settings", f"{keys} all", keys.removesuffix(" · O"), f"{enter}O all")
        line = "enter ⏎ · " if _newline(scene.experiment) >= 0 else ""
        return f"typing · {line}⌫ · ctrl+u none · esc ends"

    def show(self, scene: Scene) -> None:
        """Draw this scene; typing for other data ends."""
        if self._typed_for is not None and self._typed_for.data != scene.experiment.data:
            self._end_typing()
        super().show(scene)

    def draw(self, scene: Scene, facts: SampleFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        return draw_sample(
            facts,
            self._prime(scene),
            how=_how(scene.view.sample),
            width=width,
            height=height,
            palette=scene.palette,
            glyphs=scene.running_glyphs,
            newline=_newline(scene.experiment),
        )

    @property
    def _is_led(self) -> bool:
        """Whether a tour has the key that begins to type."""
        return self.is_attached and self.screen.has_class("-led")

    def _writes(self, scene: Scene) -> bool:
        """Return whether the network can answer a text; for pairs that are read both ways only the engine knows."""
        experiment = scene.experiment
        if not experiment.training.learn or experiment.is_numbers:
            return False
        if not experiment.network.bidirectional:
            return True
        says = response_kind(experiment.data)
        if says == "each" and experiment.data.pairs:  # the targets may be the next characters
            facts = self.facts(scene)
            return facts is not None and not facts.refused
        return says in ("each", "one")

    def _prime(self, scene: Scene) -> Prime:
        experiment = scene.experiment
        if not self._writes(scene):
            return Prime(glyphs=(), known=())
        if self._typed is None or self._replaces:
            sample = chosen_sample(experiment, scene.view)
            text, facts = sample.prime, self.facts(scene)
            if not text and sample.default and facts is not None:  # the engine has taken one
                text = experiment.tokenizer.decode(int(index) for index in facts.prime if index >= 0)
        else:
            text = self._typed
        tokenizer, after = experiment.tokenizer, " " if experiment.data.tokens == "word" else ""
        return Prime(
            glyphs=tuple(token_glyph(each) + after for each in tokenizer.pieces(text)),
            known=tuple(index >= 0 for index in tokenizer.encode(text)),
            typing=self._typed is not None,
            can_type=not self._is_led,
        )

    def exact(self, scene: Scene, facts: SampleFacts, x: int, y: int) -> str:
        """Return the exact probability of a character."""
        prime, (width, height) = self._prime(scene), self.size
        newline = _newline(scene.experiment)
        page = lay_out_sample(facts, prime, width=width, height=height, glyphs=scene.running_glyphs, newline=newline)
        spot = page.spot(x, y)
        match spot.part if spot is not None else None:
            case "prime":
                return _of_prime(facts, prime, spot.index if spot else 0)
            case "next":
                at = spot.index if spot else 0
                name = scene.glyphs[facts.next[at]]
                return f"{name}: p={facts.next_p[at]:.7f} · drawn with {facts.next_drawn[at]:.7f}"
            case "greedy" | "sampled" as part:
                at = spot.index if spot else 0
                text, p = (facts.greedy, facts.greedy_p) if part == "greedy" else (facts.sampled, facts.sampled_p)
                name = text_names(facts.says)[part]
                return f"{name} {at + 1}: {scene.glyphs[text[at]]} p={p[at]:.7f}"
        return ""

    # ---- typing -----------------------------------------------------------------------------------------------

    @property
    def typing(self) -> bool:
        """Whether keys are text now."""
        return self._typed is not None

    def begin_typing(self) -> None:
        """Make keys text, which is appended to the prime."""
        scene = self._scene
        if scene is None or self.typing or not self._writes(scene):
            return
        self._typed_for = scene.experiment
        self._replaces = scene.view.prime is None
        self._typed = "" if self._replaces else scene.view.prime
        self._typing_changed()

    def _end_typing(self) -> None:
        if self.typing:
            self._typed, self._typed_for, self._replaces = None, None, False
            self._typing_changed()

    def _typing_changed(self) -> None:
        self.set_class(self.typing, "-typing")
        self.screen.refresh_bindings()
        self.post_message(self.TypingChanged())
        if self._scene is not None:
            super().show(self._scene)

    def _type(self, text: str) -> None:
        self._typed, self._replaces = text[:MOST_PRIME], False
        self.post_message(self.Typed(self._typed))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Return whether a key is text; textual asks this for the footer."""
        return self.typing and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Take text, and the few keys that change it, while typing. All other keys do what they always do."""
        if self._typed is None or self._typed_for is None:
            return
        vocabulary = self._typed_for.tokenizer.names
        match event.key:
            case "escape":
                self._end_typing()
            case "backspace":
                self._type(self._typed[:-1])
            case "ctrl+u":
                self._type("")
            case "enter" if "\n" in vocabulary:
                self._type(self._typed + "\n")
            case "enter":
                self._end_typing()
            case "tab" if "\t" in vocabulary:
                self._type(self._typed + "\t")
            case _ if event.is_printable and event.character:
                self._type(self._typed + event.character)
            case _:
                return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Take all of it as text."""
        if self._typed is not None:
            event.stop()
            text = event.text.replace("\r\n", "\n").replace("\r", "\n")
            self._type(self._typed + text.encode("utf-8", "replace").decode("utf-8"))

    def on_blur(self) -> None:
        """End typing, as the focus has moved."""
        self._end_typing()


def chosen_sample(experiment: Experiment, view: ViewState) -> SampleAsk:
    """Return what is asked for, with its prime: the one typed, or the beginning of the selected row.

    That is the row's first character if the network continues a text, and all of it if it answers. For a file of text,
    which the view does not know, it is a newline, or the vocabulary's first character; for pairs the engine takes one.
    """
    data, vocabulary = experiment.data, experiment.tokenizer.names
    rows = data.inputs
    if view.prime is not None:
        return replace(view.sample, prime=view.prime, default=False)
    if data.pairs:
        prime = ""
    elif not rows:
        prime = "\n" if "\n" in vocabulary else "".join(vocabulary[:1])
    else:
        row = rows[min(view.row, len(rows) - 1)]
        prime = row[:1] if response_kind(data) == "text" else row[:MOST_PRIME]
    return replace(view.sample, prime=prime, default=bool(data.pairs))


def _newline(experiment: Experiment) -> int:
    """Return the index of the token that breaks lines; −1: the vocabulary has none."""
    names = experiment.tokenizer.names
    return names.index("\n") if "\n" in names else -1


def _how(sample: SampleAsk) -> str:
    """Return how the second text is drawn."""
    if sample.temperature == 0:
        return "temperature 0: the likeliest"
    return " · ".join(
        filter(
            None,
            (
                f"temperature {sample.temperature:g}",
                f"top {sample.top_k:,}" if sample.top_k else "",
                f"seed {sample.seed:,}",
            ),
        )
    )


def _of_prime(facts: SampleFacts, prime: Prime, index: int) -> str:
    at = index - facts.skipped
    if not prime.known[index]:
        return f"{prime.glyphs[index]} is not in the vocabulary: it is left out"
    if not 0 <= at < len(facts.prime):
        return ""
    if facts.says != "text":  # it is not predicted, so it has no probability
        return f"{prime.glyphs[index]}: read, and answered below"
    if not (facts.prime[:at] >= 0).any():
        return f"{prime.glyphs[index]}: fed first, after h₀ = 0"
    before = "".join(prime.glyphs[max(0, index - 6) : index])
    return f"{prime.glyphs[index]} after {before}: p={facts.prime_p[at]:.7f}"
