"""rnn-tui: train recurrent networks live in a terminal, and see inside them.

The map of the house (data flows in one circle, left to right and back):

    cli -> link -> engine.server -> engine.driver -> engine.session -> engine.trainer -> engine.probe -> protocol
        -> link -> view.linked -> view.stage -> view.panes -> draw

What looks inside a network asks for it (`inside.py`): `view.panes` ask, `engine.inside` answers.

`engine/` is the only place that imports torch, `view/` and `draw/` the only ones that import textual;
they are two processes that share `protocol.py` and `frame.py` (as bytes: `wire.py`), the plain descriptions beside
them (`experiment.py`, `rules.py`, `fields.py`, `lessons.py`, `text.py`), and what reads a text (`corpus.py`,
`batches.py`).
"""

__version__ = "0.2.0"
