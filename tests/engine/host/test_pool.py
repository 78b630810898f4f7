"""An engine whose run is shared among processes: what they cannot do, how one is lost, and how it begins again."""

from collections.abc import Iterator

import psutil
import pytest
from msgspec.structs import replace

from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.host.frames import Frames
from rnn_tui.engine.ranks import start
from rnn_tui.engine.session.replay import HistoryError
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.commands import (
    Command,
    GoTo,
    NextBranch,
    NextPhase,
    Open,
    Restart,
    SetTick,
    SlowMotion,
    StepBack,
)
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.touch import Touch
from tests.loopback import has_loopback

pytestmark = [
    pytest.mark.xdist_group("ranks"),  # one after another
    pytest.mark.skipif(not has_loopback(), reason="there is no loopback device"),
]

ROWS = ("abcdab", "bcdabc", "cdabcd")
SHARED: Experiment = from_dict(
    {
        "data": {"inputs": list(ROWS), "targets": [row[1:] + row[0] for row in ROWS]},
        "network": {"hidden_size": 4, "head": "linear"},
        "training": {"tick": "sequence", "epochs": 0},
        "run": {"processes": 2, "speed": 0.0},
    }
)


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver(obey)
    driver.obey(Open(experiment=SHARED, play=True))
    yield driver
    driver.close()


def test_it_trains_and_each_process_has_its_figures(driver: Driver) -> None:
    for _ in range(3):
        driver.turn()
    first, second = Frames(driver).frame(Wanted(count=6, row=2)).ranks
    assert (first.rank, first.rows, second.rank, second.rows) == (0, 2, 1, 1)
    assert first.update == second.update == 3
    assert driver.session is not None
    assert driver.session.losses.last() == pytest.approx((2 * first.loss + second.loss) / 3)


@pytest.mark.parametrize(
    "command",
    [GoTo(tick=0), StepBack(), NextBranch(), NextPhase(), SlowMotion(on=True, pace=1.0), SetTick(tick="character")],
    ids=lambda each: type(each).__name__,
)
def test_what_several_cannot_do_is_refused(command: Command, driver: Driver) -> None:
    assert driver.session is not None
    before = driver.session.progress.tick
    with pytest.raises(HistoryError, match="Several processes share each batch"):
        driver.obey(command)
    assert driver.session.progress.tick == before


def test_it_cannot_be_touched(driver: Driver) -> None:
    frame = Frames(driver).frame(Wanted(count=6, touch=(Touch(kind="state", value=1.0),)))
    assert frame.touch is not None
    assert frame.touch.problem == "A run of several processes cannot be touched."


def test_where_no_other_can_begin_the_run_before_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_PROGRAM", "raise SystemExit('no such thing')")
    driver = Driver(obey)
    driver.obey(Open(experiment=replace(SHARED, run=replace(SHARED.run, processes=1)), play=True))
    with pytest.raises(ExperimentError, match="no such thing"):
        driver.obey(Open(experiment=SHARED))
    driver.turn()
    assert driver.session is not None
    assert (driver.broken, driver.session.progress.tick) == ("", 1)
    driver.close()


def test_a_lost_process_is_named_and_the_run_begins_again(driver: Driver) -> None:
    (other,) = psutil.Process().children()
    other.kill()
    while not driver.broken:
        driver.turn()
    assert driver.broken == f"rank 1 (process {other.pid}) was ended by SIGKILL. Press b to begin again."
    assert not driver.playing
    before = driver.broken, driver.revision
    assert Frames(driver).frame(Wanted(count=6, row=2)).steps is not None  # a row of the rank that is lost
    assert (driver.broken, driver.revision) == before
    driver.obey(Restart())
    driver.play(True)
    driver.turn()
    assert driver.session is not None
    assert (driver.broken, driver.session.progress.tick) == ("", 1)
