"""What it costs to look inside: for the training, beside a plain forward pass, and to draw.

    python -m tests.bench.inside

Each figure is a ratio, or stands beside what it is measured against in the same run.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from msgspec.structs import replace
from textual.geometry import Size

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Data, Experiment, Network, Training
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.reading import ReadingAsk
from rnn_tui.protocol.inspect.saliency import SaliencyAsk
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.protocol.inspect.space import SpaceAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk
from rnn_tui.view.model.columns import columns_of
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.pane_grid.wanted import time_axis
from rnn_tui.view.panes.registry import INSIDE, inside_pane
from rnn_tui.view.panes.shapes import ShapesPane
from rnn_tui.view.widgets.pane import Pane

ASKS: dict[str, Wanted] = {
    "cell": Wanted(inside=(CellAsk(step=-1, units=60, features=60),)),
    "cell, written out": Wanted(inside=(CellAsk(step=-1, units=60, features=60, compare=True),)),
    "gates": Wanted(inside=(GatesAsk(units=16),)),
    "gradients": Wanted(inside=(GradientsAsk(at=-1),)),
    "weights": Wanted(inside=(WeightsAsk(matrices=4),)),
    "gradients of weights": Wanted(inside=(WeightsAsk(kind="gradient", matrices=4),)),
    "last update": Wanted(inside=(WeightsAsk(kind="update", matrices=4),)),
    "space": Wanted(inside=(SpaceAsk(),)),
    "saliency": Wanted(inside=(SaliencyAsk(step=-1),)),
    "generation": Wanted(inside=(SampleAsk(prime="h"),)),
    "reading": Wanted(inside=(ReadingAsk(layer=1, order="position"),)),
    "shapes": Wanted(tensors=True),
}
_FPS = 10
_TURNS = 7
_LARGE = Experiment(
    data=Data(inputs=("learning " * 28 + "here",), targets=("earning l" * 28 + "ere ",), vocabulary="aeghilnr "),
    network=Network(cell="lstm", hidden_size=512, layers=2, head="linear"),
    training=Training(tick="sequence", epochs=0, lr=0.001),
)


def _look(session: Session, wanted: Wanted) -> None:
    """As the engine answers a look."""
    session.probe.inside(wanted)
    if wanted.tensors:
        session.probe.tensors(wanted)
        session.probe.checks(wanted)


def _window(experiment: Experiment, wanted: Wanted) -> Wanted:
    return replace(wanted, first=0, count=min(experiment.length, 100))


def _ticks(wanted: Wanted | None, seconds: float = 1.5) -> float:
    """Ticks/s of `hihello` at full speed, looked at ten times a second."""
    experiment = LESSONS["hihello"]
    session = Session(replace(experiment, run=replace(experiment.run, until=())))
    session.branch.epochs = 0
    for _ in range(300):
        session.tick()
    began = now = due = time.perf_counter()
    ticks = 0
    while now < began + seconds:
        session.tick()
        ticks += 1
        now = time.perf_counter()
        if wanted is not None and now >= due:
            _look(session, wanted)
            due += 1 / _FPS
    return ticks / (now - began)


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _training() -> None:
    print("ticks/s of hihello at 10 frames/s, against no look inside")
    for name, wanted in ASKS.items():
        wanted = _window(LESSONS["hihello"], wanted)
        ratios = []
        for _ in range(3):
            without, looked_at = _ticks(None), _ticks(wanted)
            ratios.append(looked_at / without)
        print(f"  {name:22} {statistics.median(ratios):5.2f}")


def _beside_forward() -> None:
    session = Session(_LARGE)
    session.tick()
    trainer = session.trainer
    x = trainer.dataset.x(0, trainer.length)

    @torch.no_grad()
    def forward() -> None:
        trainer.model(x, trainer.h_0)

    print(f"LSTM 2 × 512 over {trainer.length} steps: seconds of a frame, against a plain forward pass")
    for name, wanted in ASKS.items():
        wanted = _window(_LARGE, wanted)
        plain, looked_at = [], []
        for _ in range(_TURNS):
            plain.append(_seconds(forward))
            looked_at.append(_seconds(lambda: _look(session, wanted)))  # noqa: B023
        ratio = statistics.median(looked_at) / statistics.median(plain)
        print(f"  {name:22} {ratio:5.2f}   ({1000 * statistics.median(looked_at):.0f} ms)")


def _scene(session: Session, wanted: Wanted, view: ViewState, width: int) -> Scene:
    experiment = session.experiment
    status = status_of(session, playing=True, speed=0.0)
    probe = session.probe
    frame = Frame(
        request=0,
        revision=0,
        status=status,
        steps=probe.steps(wanted),
        states=probe.states(wanted),
        inside=probe.inside(wanted),
        tensors=probe.tensors(wanted),
        checks=probe.checks(wanted),
    )
    opened = Opened(run=1, experiment=experiment, began=experiment, weights=experiment.weights, device="cpu", torch="")
    axis = time_axis(experiment, width, columns_of(experiment), frame.steps.first if frame.steps else 0)
    return Scene(opened=opened, frame=frame, view=view, palette=DARK, axis=axis)


def _drawing() -> None:
    print("a pane that fills 118 × 30 cells: milliseconds to draw it")
    for lesson in ("hihello", "ohlol-lstm"):
        session = Session(LESSONS[lesson])
        for _ in range(12):
            session.tick()
        kinds: list[type[Pane]] = [ShapesPane, *(inside_pane(name) for name in INSIDE)]
        for kind in kinds:
            pane: Any = kind()
            pane._size = Size(118, 30)
            view = ViewState()
            asks = (pane.ask(session.experiment, view),) if hasattr(pane, "ask") else ()
            wanted = Wanted(
                first=0, count=session.experiment.length, units=32, layers=(0, 9), inside=asks, tensors=True
            )
            scene = _scene(session, wanted, view, 118)
            took = [_draw(pane, scene) for _ in range(20)]
            print(f"  {lesson:12} {kind.ID:10} {1000 * statistics.median(took):5.1f}   at worst {1000 * max(took):.1f}")


def _draw(pane: Pane, scene: Scene) -> float:
    return _seconds(lambda: pane.picture(scene, 118, 30))


def main() -> None:
    """Print the figures."""
    torch.set_num_threads(1)
    _training()
    torch.set_num_threads(2)
    _beside_forward()
    _drawing()


if __name__ == "__main__":
    main()
