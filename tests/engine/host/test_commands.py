"""What a command changes of the description of a run, which is sent again only then."""

from msgspec.structs import replace

from rnn_tui.engine.host.commands import obey
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Fork, GoTo, Open
from tests.engine.driven import Driven


def test_a_run_is_described_again_where_its_past_was_trained_otherwise() -> None:
    driver = Driven()
    obey(driver, Open(experiment=LESSONS["hihello-sequence"]))
    session = driver.session
    assert session is not None
    for at in range(8):
        if at == 4:
            obey(driver, Fork(training=replace(session.experiment.training, lr=0.5)))
        driver.advance()
    seen, found = driver.description, []
    for tick in (6, 5, 2, 1, 7):
        obey(driver, GoTo(tick=tick))
        assert session.progress.tick == tick
        found.append((driver.description - seen, session.experiment.training.lr))
        seen = driver.description
    assert [changes for changes, _ in found] == [0, 0, 1, 0, 1]
    usual = LESSONS["hihello-sequence"].training.lr
    assert [lr for _, lr in found] == [0.5, 0.5, usual, usual, 0.5]
