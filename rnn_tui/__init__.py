"""rnn-tui: train recurrent networks live in a terminal, and see inside them.

The rooms, from the top down, and which others each of them imports. `python -m tests.house.rooms` draws this map from
the imports themselves, and a test compares the two.

    rnn_tui/
      cli         -> view, engine, client, runs, protocol, data, experiment, common
      view        -> client, draw, runs, protocol, data, experiment, common
      engine      -> runs, protocol, data, experiment, common
      client      -> runs, protocol, experiment, common
      draw        -> protocol, data, experiment, common
      runs        -> protocol, data, experiment, common
      protocol    -> data, experiment, common
      data        -> experiment, common
      experiment  -> common
      manual      imports none of them
      common      imports none of them

    rnn_tui/engine/
      headless    -> store, session, answers, training
      host        -> store, session, answers, training
      store       -> session, training, network
      session     -> answers, inspect, training
      answers     -> inspect, training, network
      inspect     -> training, network
      training    -> network
      network     imports none of them

    rnn_tui/view/
      app         -> screens, panes, widgets, terminal, model
      screens     -> stage, panes, widgets, terminal, model
      stage       -> panes, widgets, model
      panes       -> widgets, model
      widgets     -> terminal, model
      terminal    -> model
      model       imports none of them

The view and the engine are two processes. The engine is the only room that imports torch; the view and the pictures
are the only ones that import Textual; what they say to each other is `protocol`. A number's way to the screen:

    engine.training.trainer -> engine.answers.probe -> engine.host.frames -> protocol.wire
        -> client.link -> view.app.connection -> view.stage -> view.panes -> draw
"""

__version__ = "0.2.0"
