"""What an engine's log tells of a run: its beginning and end, who came and went, and what was refused or changed."""

import logging
from pathlib import Path

import pytest

from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Fork, GoTo, Open, Play, SaveOptions
from tests.engine.guests import house
from tests.engine.kept_runs import changed

HIHELLO = changed(LESSONS["hihello-sequence"], training={"epochs": 8}, run={"speed": 0.0})


def test_it_tells_what_happens(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "rnn_tui.engine")
    experiment = changed(HIHELLO, run={"until": ("tick=5",)})
    with house(tmp_path) as it:
        guest = it.guest()
        guest.say(Open(experiment=experiment, history=0, keep=SaveOptions(folder=str(tmp_path / "run"))))
        guest.look_until(lambda frame: frame.status.tick == 5)
        guest.say(GoTo(tick=0))
        guest.say(Fork(training=changed(experiment, training={"lr": 0.2}).training))
        guest.say(Play(on=True))
        guest.look_until(lambda frame: frame.status.state == "done")
        guest.vanish()
        assert it.has_ended()
    lines = "\n".join(each.getMessage() for each in caplog.records if each.name.startswith("rnn_tui.engine"))
    for part in (
        "a view has come: 1 look at the run",
        f"{tmp_path / 'run'}: saved from tick 0 on",
        "begins at tick 0 on cpu",
        "refused: There is no way back",
        "tick 5: tick 5 is done (tick=5)",
        "tick 5: training changed on main",
        "tick 8: the epochs are over",
        "a view has gone: 0 look at the run",
    ):
        assert part in lines, lines


def test_a_script_hears_nothing_of_it_unless_it_asks(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(LESSONS["hihello-sequence"])
    while session.tick():
        pass
    assert capsys.readouterr() == ("", "")
