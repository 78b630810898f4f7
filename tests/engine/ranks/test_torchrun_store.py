"""Processes that torchrun begins find those of the same start, whatever earlier ones have left in its store."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from torch._C._distributed_c10d import HashStore, Store

from rnn_tui.engine.ranks.team import Place
from rnn_tui.engine.ranks.torchrun_store import meet, store_of_torchrun
from rnn_tui.engine.session.processes import RankLost

LONG, SHORT = timedelta(seconds=30), timedelta(seconds=0.1)


def place(rank: int, world_size: int = 3) -> Place:
    return Place(rank=rank, world_size=world_size)


def start(store: Store, *ranks: int) -> list[Store]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda rank: meet(store, place(rank), LONG), ranks))


def test_what_one_start_has_left_is_not_found_by_the_next() -> None:
    store = HashStore()
    for number in ("1", "2", "3"):
        first, *others = start(store, 2, 0, 1)
        assert not first.check(["address"])
        first.set("address", number)
        assert [each.get("address").decode() for each in others] == [number, number]


def test_one_that_was_lost_while_it_asked_holds_nobody_up() -> None:
    store = HashStore()
    store.set("asks/1", "somebody who is gone")
    assert len(start(store, 0, 1, 2)) == 3


def test_who_has_not_come_is_named() -> None:
    store = HashStore()
    with ThreadPoolExecutor() as pool:
        leading = pool.submit(meet, store, place(0, 4), timedelta(seconds=1))
        assert meet(store, place(2, 4), LONG) is not None
        with pytest.raises(RankLost, match=r"of 4 ranks these have not come in time \(--timeout\): 1, 3"):
            leading.result()


def test_without_rank_0_it_is_said() -> None:
    with pytest.raises(RankLost, match=r"rank 0 has not come in time \(--timeout\)"):
        meet(HashStore(), place(1), SHORT)


def test_a_launcher_that_holds_no_store_is_left_to_torch() -> None:
    assert store_of_torchrun({}, place(0), SHORT) is None
