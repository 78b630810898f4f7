"""Which input characters mattered for an output."""

from collections.abc import Sequence

import numpy as np
from msgspec import structs
from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.common.wording import quoted, step_name, unit_text
from rnn_tui.draw.kit.numbers import with_minus
from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.draw.saliency import draw_saliency, saliency_step_at
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.saliency import OutputKind, SaliencyAsk, SaliencyFacts
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane, chosen_step
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["SaliencyPane"]

_WORDS: dict[OutputKind, str] = {"predicted": "the predicted", "target": "the target", "state": "the state"}
_LONGEST = 12  # cells of a word of a script


class SaliencyPane(InsidePane[SaliencyFacts]):
    """The text of the row, each character shaded by gradient × input."""

    ID = "saliency"
    NAME = "Saliency"
    EXPLANATION = Explanation(
        shows="For the output at the time cursor: how much each input character spoke for it or against it. It is "
        "gradient × input: the slope of the output's logit with respect to the input, times the input.",
        read="Orange spoke for the character, blue against it; the stronger the colour, the more. It is the slope "
        "at this very point, so a network whose units are near ±1 can show little although much depends on the input.",
        then="Put the cursor on the last step of `remember`, before and after it is learnt, in each row ({ }): "
        "what does the first character get? Often not the most: a slope tells about a small change, not about "
        "what was needed. o asks about the right character, then how much of each input h holds.",
        in_script="Put the cursor on a step that is predicted wrong: what spoke for it? o asks the same about the "
        "right answer instead of the predicted one.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> SaliencyAsk:
        """Return the ask for the output at the time cursor."""
        step = chosen_step(experiment, view)
        return SaliencyAsk(step=step, output=view.output, column=view.column)

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the next output: the predicted character, the target, then the state."""
        return replace(view, output=_next(experiment, view.output))

    def title(self, scene: Scene) -> str:
        """Return which output it is about."""
        facts = self.facts(scene)
        if facts is None or not len(facts.values):
            return f"{self.NAME} · gradient × input"
        if facts.output == "state":
            return f"{self.NAME} · what h still holds at {step_name(facts.step)}"
        facts, glyphs = _readable(facts, scene)
        return f"{self.NAME} · for {quoted(glyphs[facts.character])} at {step_name(facts.step)} ({facts.output})"

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        if scene.experiment.is_numbers:
            column = f" · k: {scene.column_in_words}" if scene.column_in_words else ""
            return f"[ ] output · o: {_WORDS[_next(scene.experiment, scene.view.output)]}{column}"
        return f"[ ] output · o: {_WORDS[_next(scene.experiment, scene.view.output)]}"

    def draw(self, scene: Scene, facts: SaliencyFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        facts, glyphs = _readable(facts, scene)
        return draw_saliency(
            facts, width=width, height=height, palette=scene.palette, glyphs=glyphs, cursor=scene.cursor
        )

    def step_at(self, scene: Scene, x: int) -> int | None:
        """Return the time step of the character under the mouse: the text is wrapped, so a column is none."""
        facts = self.facts(scene)
        if facts is None or self._mouse is None:
            return None
        width, height = self.size
        facts, glyphs = _readable(facts, scene)
        return saliency_step_at(facts, *self._mouse, width=width, height=height, glyphs=glyphs)

    def exact(self, scene: Scene, facts: SaliencyFacts, x: int, y: int) -> str:
        """Return the exact value of a character."""
        step = self.step_at(scene, x)
        if step is None or step >= len(facts.values):
            return ""
        facts, glyphs = _readable(facts, scene)
        return f"{step_name(step)} {glyphs[facts.inputs[step]]}: {with_minus(f'{facts.values[step]:+.7f}')}"


def _next(experiment: Experiment, output: OutputKind) -> OutputKind:
    """Return what comes after an output; of numbers the target is not asked about."""
    if output == "predicted":
        return "state" if experiment.is_numbers else "target"
    return "state" if output == "target" else "predicted"


def _readable(facts: SaliencyFacts, scene: Scene) -> tuple[SaliencyFacts, Sequence[str]]:
    """Return the facts with the inputs as places in a table of texts, and the table: the glyphs, or numbers as text."""
    if facts.numbers is None and scene.subject is None:
        return facts, scene.glyphs
    if facts.numbers is None:  # tokens of a script, or time steps where it reads none
        inputs = facts.inputs.tolist()
        read = map(scene.name_of, inputs) if scene.reads_tokens else map(str, range(len(inputs)))
        texts = [*(cut_cells(text, _LONGEST) for text in read), cut_cells(scene.name_of(facts.character), _LONGEST)]
        return structs.replace(facts, inputs=np.arange(len(inputs), dtype=np.int32), character=len(inputs)), texts
    scale, said_scale = scene.scale_read, scene.scale
    deviation = 0.0 if scale is None else scale.deviation
    texts = [with_minus(unit_text(value, deviation, 3)) for value in facts.numbers.tolist()]
    deviation = 0.0 if said_scale is None else said_scale.deviation
    said = "nothing" if facts.predicted is None else with_minus(unit_text(facts.predicted, deviation, 3))
    places = np.arange(len(texts), dtype=np.int32)
    return structs.replace(facts, inputs=places, character=len(texts)), [*texts, said]
