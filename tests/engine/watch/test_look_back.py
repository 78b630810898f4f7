"""Looking back at a script: each number is as it was shown then, to the bit, and memory stays within its bounds."""

import contextlib
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from msgspec.structs import replace
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.nn.utils.rnn import pack_padded_sequence

from rnn_tui.engine.session.replay import HistoryError
from rnn_tui.engine.watch import hooks, look_back, watch_host
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.commands import Command, GoTo, Play, SelectNetwork, Step, StepBack
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.reading import ReadingAsk
from rnn_tui.protocol.inspect.saliency import SaliencyAsk
from rnn_tui.protocol.inspect.space import SpaceAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk
from rnn_tui.protocol.rendezvous import SOCKET
from rnn_tui.protocol.wire import pack
from tests.engine.guests import Guest
from tests.scripts.people import SCRIPTS, own_random_numbers, run_here

T, N, V, H = 7, 3, 11, 8
ASKS = (
    GatesAsk(units=99), GradientsAsk(at=-1), CellAsk(step=1, units=99), ReadingAsk(characters=99), SaliencyAsk(step=-1),
    SpaceAsk(), WeightsAsk(matrices=99, rows=99, columns=99), WeightsAsk(kind="gradient", matrices=99, rows=99),
    WeightsAsk(kind="update", matrices=99, rows=99),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _all_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "_SPACING", 0.0)
    monkeypatch.setattr(look_back, "_SHARE", 1e9)


def wanted(row: int, **more: Any) -> Wanted:
    return Wanted(row=row, first=0, count=99, top=3, units=99, layers=(0, 9), tensors=True, inside=ASKS, **more)


def numbers_of(frame: Frame) -> bytes:
    """All of a frame that belongs to its update."""
    status = replace(frame.status, newest=0, ticks_per_second=0.0, state="playing", notice="", gpu=None)
    return pack(replace(frame, request=0, revision=0, status=status, curve=None, held_out=None))


class Diary:
    """Has all updates captured, and notes what is shown of each network right after its backward."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *,
        rows: tuple[int, ...] = (0, 1),
        then: Callable[["Diary"], None] | None = None,
    ) -> None:
        """Look at some rows; do something in the fourth update."""
        self.host: watch_host.WatchHost | None = None
        self.shown: dict[tuple[int, int, int], bytes] = {}  # by update, network and row
        self._rows, self._then = rows, then
        self._is_moment = False
        monkeypatch.setattr(watch_host.WatchHost, "_moment", lambda host: self._moment(host))

    def _moment(self, host: watch_host.WatchHost) -> None:
        self.host, self._is_moment = host, True
        self._look(host)
        self._is_moment = False

    def _look(self, host: watch_host.WatchHost) -> None:
        host.observer.wanted = True
        if host.observer.tick in host.pictures.back.updates:  # another backward of this update
            return
        host.pictures.look()  # which finds cells that are the script's own
        for number in reversed(range(len(host.observer.networks.all))):
            host.pictures.choose(number)
            host.pictures.look()
            for row in self._rows:
                frame = host.pictures.frame(wanted(row))
                if frame.steps is not None:
                    self.shown[host.observer.tick, number, row] = numbers_of(frame)
        host._keep(0.0)
        host.keep_updates(ASKS)
        if self._then is not None and host.observer.tick == 4:
            self._then(self)

    def say(self, command: Command) -> None:
        assert self.host is not None
        self.host.obey(command)

    def back(self, number: int, row: int, **more: Any) -> Frame:
        assert self.host is not None
        self.host.pictures.choose(number)
        with self.unheard():
            return self.host.pictures.frame(wanted(row, **more))

    @contextlib.contextmanager
    def unheard(self) -> Iterator[None]:
        """Have no listener, as where the host makes pictures."""
        assert self.host is not None
        listens = self.host.observer in hooks._listeners and not self._is_moment
        if listens:
            hooks.remove_listener(self.host.observer)
        yield
        if listens:
            hooks.add_listener(self.host.observer)

    @property
    def kept(self) -> list[int]:
        assert self.host is not None
        return self.host.pictures.back.updates


def assert_all_is_as_it_was(diary: Diary) -> None:
    newest = max(tick for tick, _, _ in diary.shown)
    seen = 0
    for (tick, number, row), then in diary.shown.items():
        if tick not in diary.kept or tick == newest:
            continue
        assert diary.host is not None
        diary.host.pictures.choose(number)
        diary.say(GoTo(tick=tick))
        frame = diary.back(number, row)
        assert frame.status.tick == tick
        assert frame.status.newest == newest
        assert numbers_of(frame) == then
        assert numbers_of(diary.back(number, row)) == then  # made once, and asked for again
        seen += 1
    assert seen


# ---- numbers --------------------------------------------------------------------------------------------------------


LOOKED_AT = sorted(
    name for name, each in SCRIPTS.items() if each.is_possible and (each.networks or each.own_cells) and not each.code
)


@pytest.mark.parametrize("script", LOOKED_AT)
@pytest.mark.sampled(2)
def test_every_number_of_a_script_is_as_it_was(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[Diary]()

    def look(diary: Diary) -> None:
        assert_all_is_as_it_was(diary)
        looked.append(diary)

    Diary(monkeypatch, then=look)
    with own_random_numbers(), Watcher().start():
        run_here(script, "--updates", 5)
    assert looked


class Model(nn.Module):
    """A language model with what makes copies difficult: tied weights, dropout, two networks, states over states."""

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, H)
        self.rnn = nn.LSTM(H, H, 2, dropout=dropout)
        self.cell = nn.GRUCell(H, H)
        self.head = nn.Linear(H, V)
        self.head.weight = self.embedding.weight

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.rnn(self.embedding(x))
        h, states = output.new_zeros(N, H), []
        for step in output:
            h = self.cell(step, h)
            states.append(h)
        logits: Tensor = self.head(torch.stack(states))
        return logits


class Loop:
    """Trains it, and uses its memory again."""

    def __init__(self) -> None:
        torch.manual_seed(5)
        self.model = Model()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.05)
        self.x = torch.zeros(T, N, dtype=torch.int64)

    def update(self, count: int = 1) -> None:
        for _ in range(count):
            self.x.random_(V)  # the same tensor in each update
            self.optimizer.zero_grad(set_to_none=False)
            loss = F.cross_entropy(self.model(self.x).flatten(0, 1), self.x.roll(-1, 0).flatten())
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()


class Small:
    """Networks of three units, and an optimizer."""

    def __init__(self, count: int = 1) -> None:
        self.networks = nn.ModuleList(nn.GRU(2, 3) for _ in range(count))
        self.optimizer = torch.optim.SGD(self.networks.parameters(), lr=0.1)

    def update(self, number: int = 0, steps: int = 4) -> None:
        self.networks[number](torch.randn(steps, 2, 2))[0].sum().backward()
        self.optimizer.step()


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Diary]:
    """Six updates of a small network."""
    diary, small = Diary(monkeypatch, rows=()), Small()
    with Watcher(small.networks, small.optimizer).start():
        for _ in range(6):
            small.update()
        yield diary


def test_every_number_is_as_it_was_also_where_memory_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    diary, loop = Diary(monkeypatch), Loop()
    with Watcher(loop.model, loop.optimizer).start():
        loop.update(3)
        assert len(diary.shown) == 3 * 2 * 2
        assert diary.kept == [1, 2, 3]
        assert_all_is_as_it_was(diary)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("kind", ["weight_norm", "proj_size", "packed"])
def test_networks_with_other_weights_equations_and_rows(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    diary = Diary(monkeypatch)
    module, head = nn.LSTM(4, 6, 2, proj_size=2 * (kind == "proj_size"), dropout=0.2), nn.Linear(6, V)
    if kind == "weight_norm":
        parametrizations.weight_norm(module, "weight_hh_l0")
        parametrizations.spectral_norm(head, "weight")
    parts = nn.ModuleList([module, head])
    optimizer = torch.optim.SGD(parts.parameters(), lr=0.1)
    with Watcher(parts, optimizer).start():
        for _ in range(3):
            x: Any = torch.randn(T, N, 4)
            x = pack_padded_sequence(x, torch.tensor([7, 5, 2])) if kind == "packed" else x
            output = module(x)[0]
            if kind == "weight_norm":
                loss = F.cross_entropy(head(output).flatten(0, 1), torch.randint(V, (T * N,)))
            else:
                loss = (output.data if kind == "packed" else output).square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        assert_all_is_as_it_was(diary)


def test_the_past_is_of_then_while_the_script_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    diary, loop = Diary(monkeypatch, rows=(1,)), Loop()
    with Watcher(loop.model, loop.optimizer).start():
        loop.update(3)
        diary.say(GoTo(tick=2))
        then = numbers_of(diary.back(0, 1))
        assert then == diary.shown[2, 0, 1]
        loop.update(3)
        frame = diary.back(0, 1, curve=CurveWanted(columns=80))
        assert numbers_of(diary.back(0, 1)) == then
        assert (frame.status.tick, frame.status.newest) == (2, 6)
        assert frame.curve is not None
        assert len(frame.curve.x) == 6  # the curve is that of now
    assert diary.kept == [1, 2, 3, 4, 5, 6]


# ---- ways -----------------------------------------------------------------------------------------------------------


def test_the_keys_lead_from_update_to_update(kept: Diary) -> None:
    def tick_after(command: Command) -> int:
        kept.say(command)
        return kept.back(0, 0).status.tick

    assert kept.back(0, 0).status.tick == 6
    assert tick_after(StepBack()) == 5
    assert tick_after(StepBack()) == 4
    assert tick_after(Step()) == 5
    assert tick_after(Step()) == 6
    assert tick_after(GoTo(tick=0)) == 1
    with pytest.raises(HistoryError, match="No earlier update is kept"):
        kept.say(StepBack())
    assert tick_after(GoTo(tick=3)) == 3
    assert tick_after(GoTo(tick=-1)) == 6
    assert tick_after(GoTo(tick=99)) == 6


def test_a_step_in_the_past_does_not_let_the_script_go(kept: Diary) -> None:
    assert kept.host is not None
    control = kept.host.control
    kept.say(Play(on=False))
    kept.say(GoTo(tick=2))
    kept.say(Step())
    assert control.holds
    kept.say(GoTo(tick=-1))
    kept.say(Step())
    assert not control.holds


def test_what_is_described_belongs_to_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of other sizes and lengths have other descriptions."""
    diary = Diary(monkeypatch, rows=(0,))
    small = Small()
    with Watcher(small.networks, small.optimizer).start():
        for steps in (4, 6, 5):
            small.update(steps=steps)
        for tick, steps in ((1, 4), (2, 6), (1, 4)):
            diary.say(GoTo(tick=tick))
            assert diary.host is not None
            diary.back(0, 0)
            opened = diary.host.pictures.opened(FrameRequest(number=1))
            assert opened is not None
            assert opened.experiment.length == steps


def test_another_network_is_shown_where_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that was not called in an update has nothing to be looked at there."""
    diary, pair = Diary(monkeypatch), Small(2)
    with Watcher(pair.networks, pair.optimizer).start():
        for number in (0, 1, 0, 1, 0):
            pair.update(number)
        diary.say(SelectNetwork(number=0))
        diary.say(GoTo(tick=4))
        assert diary.back(0, 0).status.tick == 3
        diary.say(SelectNetwork(number=1))
        frame = diary.back(1, 0)
        assert frame.status.tick == 2
        assert frame.steps is not None


# ---- bounds ---------------------------------------------------------------------------------------------------------


def test_without_memory_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    diary, loop = Diary(monkeypatch, rows=()), Loop()
    with Watcher(loop.model, loop.optimizer, history=0).start():
        loop.update(3)
        assert diary.kept == []
        with pytest.raises(HistoryError):
            diary.say(StepBack())
        assert diary.host is not None
        assert "back" not in diary.host.pictures.subject.can


def test_what_is_too_large_is_said_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    diary, loop = Diary(monkeypatch, rows=()), Loop()
    with Watcher(loop.model, loop.optimizer, history=20_000).start():
        loop.update(3)
        assert diary.host is not None
        subject = diary.host.pictures.subject
        assert diary.kept == []
        assert "back" not in subject.can
        assert any("--history" in each for each in subject.notes)


def live_bytes(before: set[int]) -> int:
    """Count the bytes of all tensors that were not there before, each memory once."""
    gc.collect()
    tensors = [each for each in gc.get_objects() if issubclass(type(each), Tensor) and id(each) not in before]
    return sum({each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in tensors}.values())


def test_memory_stays_within_its_bounds_and_updates_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that lives after many updates, beyond a loop that keeps nothing, fits the memory that was allowed."""
    grown = []
    for history in (0, 200_000):
        diary, loop = Diary(monkeypatch, rows=()), Loop()
        before = {id(each) for each in gc.get_objects() if issubclass(type(each), Tensor)}
        with Watcher(loop.model, loop.optimizer, history=history).start():
            for count in range(24):
                loop.update()
                if count == 9 and history:
                    diary.say(GoTo(tick=2))
                    diary.back(0, 0)
            grown.append(live_bytes(before))
            if history:
                assert diary.host is not None
                assert diary.host.pictures.back.nbytes <= history
                assert diary.kept[0] == 1
                assert diary.kept[-1] == 24
                assert 4 < len(diary.kept) < 15
                gaps = [later - one for one, later in zip(diary.kept, diary.kept[1:], strict=False)]
                assert max(gaps[: len(gaps) // 2]) > 1 == gaps[-1]  # older ones are further apart
    none, some = grown
    assert 50_000 < some - none <= 200_000


def test_neither_a_model_nor_a_graph_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    diary, loop = Diary(monkeypatch, rows=()), Loop()
    with Watcher().start():
        loop.update(3)
        alive = [weakref.ref(each) for each in loop.model.modules()]
        assert diary.host is not None
        diary.host.observer.capture = None
        diary.host.pictures._on_screen.newest = (None, None)
        diary.host.pictures._on_screen.observed = diary.host.pictures._on_screen.probe = None
        del loop
        gc.collect()
        assert not [each() for each in alive if each() is not None]
        assert diary.kept == [1, 2, 3]


# ---- in a script that runs ------------------------------------------------------------------------------------------


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pass that can be is captured."""
    monkeypatch.setattr(watch_host, "_FASTEST", 0.0)
    monkeypatch.setattr(watch_host, "_SHARE", 1.0)


def guest_of(watcher: Watcher) -> Guest:
    assert watcher._folder is not None
    return Guest(watcher._folder / SOCKET)


@pytest.mark.usefixtures("fast")
def test_the_script_trains_on_while_its_past_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what it learns is the same to the bit."""
    monkeypatch.setattr(look_back, "_ALONE", 0.0)
    monkeypatch.setattr(look_back, "_SHARE_ALONE", 1.0)
    loop, frames, looks = Loop(), list[Frame](), threading.Event()
    watcher = Watcher(loop.model, loop.optimizer).start()

    def look() -> None:
        guest = guest_of(watcher)
        guest.look_until(lambda frame: frame.status.tick > 3)
        guest.say(StepBack())
        first = guest.look_until(lambda frame: frame.status.tick < frame.status.newest)
        frames.append(guest.look(wanted(1)))
        frames.append(guest.look_until(lambda frame: frame.status.newest > first.status.newest + 3))
        frames.append(guest.look(wanted(1)))
        guest.say(GoTo(tick=-1))
        frames.append(guest.look_until(lambda frame: frame.status.tick == frame.status.newest))
        looks.set()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    updates = 0
    while not looks.is_set():
        loop.update()
        updates += 1
    thread.join()
    watcher.close()
    one, _, again, newest = frames
    assert one.status.tick == again.status.tick < again.status.newest <= newest.status.tick
    assert numbers_of(one) == numbers_of(again)
    alone = Loop()
    alone.update(updates)
    for mine, other in zip(alone.model.parameters(), loop.model.parameters(), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.usefixtures("fast")
def test_a_script_that_is_held_shows_its_past_and_its_present_again() -> None:
    loop = Loop()
    watcher = Watcher(loop.model, loop.optimizer, held=True).start()
    thread = threading.Thread(target=loop.update, args=(3,), daemon=True)
    thread.start()
    guest = guest_of(watcher)
    for tick in (1, 2):
        guest.look_until(lambda frame, tick=tick: frame.status.tick == tick)  # type: ignore[misc]
        guest.say(Step())
    guest.look_until(lambda frame: frame.status.tick == 3)
    now = guest.look(wanted(1))
    guest.say(StepBack())
    then = guest.look(wanted(1))
    assert (then.status.tick, then.status.newest, then.status.state) == (2, 3, "paused")
    guest.say(Step())
    again = guest.look(wanted(1))
    assert numbers_of(again) == numbers_of(now)
    guest.say(Play(on=True))
    thread.join()
    watcher.close()


def test_updates_are_kept_while_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "_ALONE", 0.0)
    monkeypatch.setattr(look_back, "_SHARE_ALONE", 1e9)
    loop = Loop()
    with Watcher(loop.model, loop.optimizer).start() as watcher:
        loop.update(5)
        assert watcher._host.pictures.back.updates == [1, 3, 5]  # the next is due when the last is over


def test_without_a_network_nothing_is_captured_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "_ALONE", 0.0)
    head = nn.Linear(2, 1)
    with Watcher(head).start() as watcher:
        for _ in range(3):
            head(torch.randn(4, 2)).sum().backward()
        assert not watcher._host.observer.armed


def test_a_script_that_has_ended_and_left_no_model_can_be_looked_back_at(monkeypatch: pytest.MonkeyPatch) -> None:
    diary, loop = Diary(monkeypatch, rows=()), Loop()
    with Watcher().start():
        loop.update(3)
        assert diary.host is not None
        pictures = diary.host.pictures
        pictures.choose(0)
        with diary.unheard():
            pictures.look()
        before = pictures.subject
        diary.host.observer.capture = None
        del loop
        pictures.end(0, "")
        gc.collect()
        assert not diary.host.observer.networks.all
        hooks.remove_listener(diary.host.observer)
        diary.say(StepBack())
        frame = pictures.frame(wanted(1))
        assert (frame.status.tick, frame.status.newest, frame.status.state) == (2, 3, "done")
        assert frame.steps is not None
        assert len(frame.inside) == len(ASKS)
        after = pictures.subject
        assert (after.networks, after.network_facts) == (before.networks, before.network_facts)
        diary.say(GoTo(tick=-1))
        assert pictures.frame(wanted(1)).status.tick == 3
