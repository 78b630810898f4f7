"""rnn-tui: train recurrent networks live in a terminal, and see inside them.

The rooms, from the top down, and which others each of them imports. `python -m tests.house.rooms` draws this map from
the imports themselves, and a test compares the two.

    rnn_tui/
      cli          -> view, engine, client, runs, tours, protocol, data, experiment, common
      integrations -> api, engine
      api          -> view, engine, client, runs, protocol, data, experiment
      view         -> client, draw, runs, tours, protocol, data, experiment, common
      engine       -> runs, protocol, data, experiment, common
      client       -> runs, protocol, experiment, common
      draw         -> protocol, data, experiment, common
      runs         -> protocol, data, experiment, common
      tours        -> protocol, data, experiment, common
      protocol     -> data, experiment, common
      data         -> experiment, common
      experiment   -> common
      manual       imports none of them
      common       imports none of them

    rnn_tui/engine/
      watch        -> host, session, answers, inspect, training, network
      headless     -> field, ranks, store, session, answers, training, network
      host         -> field, ranks, store, session, answers, training, network
      field        -> store, session, training, network
      ranks        -> session, answers, training, network
      store        -> session, training, network
      session      -> answers, inspect, training, network
      answers      -> inspect, training, network
      inspect      -> training, network
      training     -> network
      check        -> network
      network      imports none of them

    rnn_tui/view/
      app          -> screens, panes, widgets, terminal, model
      screens      -> pane_grid, panes, widgets, terminal, model
      pane_grid    -> panes, widgets, model
      panes        -> widgets, model
      widgets      -> terminal, model
      terminal     -> model
      model        imports none of them

The view and the engine are two processes. The engine is the only room that imports torch; the view and the pictures
are the only ones that import Textual; what they say to each other is `protocol`. A number's way to the screen:

    engine.training.trainer -> engine.answers.probe -> engine.host.frames -> protocol.wire
        -> client.link -> view.app.connection -> view.pane_grid -> view.panes -> draw
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnn_tui.api.run import Run, Tick
    from rnn_tui.api.show import show
    from rnn_tui.api.watch import watch
    from rnn_tui.engine.session.replay import HistoryError
    from rnn_tui.experiment.lessons import LESSONS
    from rnn_tui.experiment.spec import Data, Experiment, ExperimentError, Network, Training
    from rnn_tui.runs.manifest import CheckpointError

__all__ = [
    "LESSONS",
    "CheckpointError",
    "Data",
    "Experiment",
    "ExperimentError",
    "HistoryError",
    "Network",
    "Run",
    "Tick",
    "Training",
    "show",
    "watch",
]

__version__ = "0.2.0"

_HOMES = {  # of each name; a module is loaded when one of its names is used
    "CheckpointError": "runs.manifest",
    "Data": "experiment.spec",
    "Experiment": "experiment.spec",
    "ExperimentError": "experiment.spec",
    "HistoryError": "engine.session.replay",
    "LESSONS": "experiment.lessons",
    "Network": "experiment.spec",
    "Run": "api.run",
    "Tick": "api.run",
    "Training": "experiment.spec",
    "show": "api.show",
    "watch": "api.watch",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"rnn_tui.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
