"""The keys that move the training: play, step, go back, fork, pace, breakpoints."""

from rnn_tui.view.model.key import InRanks, InScript, Key

__all__ = ["TRAINING_KEYS"]

# What several processes that share each batch cannot do: they ...
_NO_WAY_BACK = "have no way back"
_ONE_PIECE = "compute a pass in one piece"
_SEQUENCES = "read whole sequences"

TRAINING_KEYS = (
    Key(
        "space",
        "app.toggle_play",
        "play",
        "Play or pause; once all epochs are done, train for as many again.",
        footer="play",
        needs="hold",
        in_script=InScript(
            "hold", "Hold the script at the end of an update; again: let it go on.", footer="hold", held="go on"
        ),
    ),
    Key(
        "right",
        "app.tell('tick')",
        "tick",
        "Pause, and do one tick: one character, or one whole sequence.",
        printed="→",
        footer="tick",
        needs="step",
        in_script=InScript("update", "Let the script do one update, and hold it there.", footer="update"),
    ),
    Key(
        "shift+right",
        "app.tell('epoch')",
        "epoch",
        "Go on to the end of the epoch, and pause there.",
        printed="shift+→",
        runs="own",
        in_field=False,
    ),
    Key(
        "left",
        "app.tell('tick_back')",
        "tick back",
        "Go back one tick, in slow motion one phase: everything is then as it was, down to the last weight.",
        printed="←",
        footer="back",
        needs="back",
        in_script=InScript(
            "update back", "Show the update before, as far as its weights are kept; the script goes on."
        ),
        in_field=False,
        alone=_NO_WAY_BACK,
    ),
    Key(
        "shift+left",
        "app.tell('epoch_back')",
        "epoch back",
        "Go back to the end of the previous epoch.",
        printed="shift+←",
        runs="own",
        in_field=False,
        alone=_NO_WAY_BACK,
    ),
    Key(
        "home",
        "app.tell('first_tick')",
        "first tick",
        "Go back to tick 0, before anything was learnt.",
        needs="back",
        in_script=InScript("oldest update", "Show the oldest update that is kept."),
        in_field=False,
        alone=_NO_WAY_BACK,
    ),
    Key(
        "end",
        "app.tell('newest_tick')",
        "newest tick",
        "Return to the newest tick.",
        needs="back",
        in_script=InScript("newest update", "Return to the newest update."),
        in_field=False,
        alone=_NO_WAY_BACK,
    ),
    Key(
        "F",
        "app.dialog('fork')",
        "fork",
        "Train differently from this tick on: learning rate, optimiser, clipping, loss, seed.",
        footer="fork",
        runs="own",
        in_field=False,
    ),
    Key(
        "b",
        "app.tell('next_branch')",
        "next branch",
        "Go to the newest tick of the next branch.",
        runs="own",
        in_field=False,
        alone=_NO_WAY_BACK,
    ),
    Key(
        "n",
        "app.tell('next_phase')",
        "next phase",
        "Pause inside the tick, and do its next phase: input, cell, softmax, loss, backward, update.",
        runs="own",
        in_field=False,
        alone=_ONE_PIECE,
    ),
    Key(
        "N",
        "app.tell('next_part')",
        "next part",
        "Pause at the next part of training: forward, backward, update; or at the next pass.",
        runs="own",
        in_field=False,
        in_ranks=InRanks(
            "rank", "next rank", "Show the rows of the next rank: the first of its part of the batch.", footer="rank"
        ),
    ),
    Key(
        "s",
        "app.tell('slow_motion')",
        "slow motion",
        "Play phase by phase, with an explanation of each; + and - change the pace. Again: whole ticks.",
        footer="slow",
        runs="own",
        in_field=False,
        alone=_ONE_PIECE,
    ),
    Key(
        "plus,equals_sign",
        "app.tell('faster')",
        "faster",
        "Go faster: from 1 tick a second up to full speed.",
        printed="+",
        footer="speed",
        footer_keys="+-",
        needs="speed",
        in_script=InScript(
            "faster", "Let the script go faster: from 1 update a second up to its own speed.", footer="speed"
        ),
    ),
    Key(
        "minus",
        "app.tell('slower')",
        "slower",
        "Go slower.",
        printed="-",
        needs="speed",
        in_script=InScript("slower", "Slow the script down, to 1 update a second at the least."),
    ),
    Key(
        "m",
        "app.tell('toggle_tick')",
        "character/sequence",
        "Tick by character, or by whole sequence.",
        runs="own",
        in_field=False,
        alone=_SEQUENCES,
    ),
    Key(
        "r",
        "app.tell('restart')",
        "again",
        "Start again with the same seed: the same numbers come back.",
        runs="own",
    ),
    Key(
        "R",
        "app.tell('new_seed')",
        "new seed",
        "Start again with the next seed: not every seed learns.",
        runs="own",
        in_field=False,
    ),
    Key(
        "B",
        "app.dialog('breakpoints')",
        "breakpoints",
        "Choose where to pause: the first right prediction, a loss, its jump, a gradient, a NaN, an epoch, a tick.",
        needs="breakpoints",
        in_script=InScript(
            "breakpoints", "Choose where the script is held: a loss, a jump, a gradient, a NaN, an update."
        ),
        in_field=False,
    ),
)
