"""The processes of one run as torch.distributed knows them, and what they say to one another.

All collectives of numbers on the CPU go over gloo; gradients on GPUs over nccl.
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch._C._distributed_c10d import Store

from rnn_tui.data.share import Share
from rnn_tui.engine.ranks.meeting import device_problem, meeting_problem
from rnn_tui.engine.ranks.orders import Order, Tick, decode, encode
from rnn_tui.engine.session.processes import CannotMeet, EndAsked, RankLost

__all__ = ["Place", "Team", "why_not_met"]

_Thing = TypeVar("_Thing")

_A_MOMENT = timedelta(seconds=1)
_FOR_EVER = timedelta(days=365)  # a run may be paused: the next order comes when it comes


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a process stands among the others."""

    rank: int
    world_size: int
    local_rank: int = 0  # among the processes of this machine


class Team:
    """This process and the others, all of which have joined."""

    def __init__(self, place: Place, store: Store | None, *, on_gpu: bool, timeout: timedelta) -> None:
        """Join the others, by way of a store or of what torchrun has put into the environment.

        `timeout` is for them to come, and for the sums of an update.

        Raises CannotMeet where they do not come.
        """
        self.place = place
        self.signal = 0  # by which this process was asked to end, where it does not lead
        self.end_asked: EndAsked | None = None  # what the leading one knows of the others
        self.is_anyone_gone: Callable[[], bool] = lambda: False  # asked while others are waited for
        self.share = Share(rank=place.rank, world_size=place.world_size)
        if problem := device_problem(os.environ):
            raise CannotMeet(problem)
        try:
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if on_gpu else "gloo",
                store=store,
                rank=place.rank,
                world_size=place.world_size,
                timeout=timeout,
            )
            self._orders = dist.new_group(backend="gloo", timeout=_FOR_EVER)
        except RuntimeError as error:
            raise CannotMeet(why_not_met(error, place, timeout)) from None

    @property
    def leads(self) -> bool:
        """Whether this is rank 0, which says what comes next."""
        return not self.place.rank

    def tell(self, order: Order) -> None:
        """Tell the others what to do; nothing where this is not rank 0."""
        if not self.leads or self.share.is_whole:
            return
        data = b"" if isinstance(order, Tick) else encode(order)
        self._send(torch.tensor([len(data)]))
        if data:
            self._send(torch.frombuffer(bytearray(data), dtype=torch.uint8))

    def _send(self, tensor: Tensor) -> None:
        """Send a tensor to all; look now and then whether they are there, since gloo may wait for one that is not."""
        with self.translating_errors():
            work = dist.broadcast(tensor, 0, group=self._orders, async_op=True)
            while True:
                try:
                    work.wait(_A_MOMENT)
                    return
                except RuntimeError as error:
                    if "timed out" not in str(error).lower():
                        raise
                    if self.is_anyone_gone():
                        raise RankLost("another process has ended") from None

    def hear(self) -> Order:
        """Wait for what rank 0 says is next."""
        with self.translating_errors():
            length = torch.zeros(1, dtype=torch.int64)
            dist.broadcast(length, 0, group=self._orders)
            if not length:
                return Tick()
            data = torch.empty(int(length), dtype=torch.uint8)
            dist.broadcast(data, 0, group=self._orders)
        return decode(data.numpy().tobytes())

    def send_from(self, rank: int, thing: _Thing | None) -> _Thing:
        """Return what that rank has given here; the others give None."""
        things: list[Any] = [thing]
        with self.translating_errors():
            dist.broadcast_object_list(things, rank)
        return things[0]  # type: ignore[no-any-return]

    def gather(self, thing: _Thing) -> list[_Thing]:
        """Return what each rank has given here, by rank."""
        things: list[Any] = [None] * self.place.world_size
        with self.translating_errors():
            dist.all_gather_object(things, thing)
        return things

    def gather_numbers(self, numbers: Tensor) -> Tensor:
        """Return the numbers (K,) of each rank, (R, K), in float64 on the CPU."""
        there = torch.empty(self.place.world_size, len(numbers), dtype=torch.float64)
        with self.translating_errors():
            dist.all_gather(list(there.unbind()), numbers.double())
        return there

    def add_up(self, tensor: Tensor) -> Tensor:
        """Return the sum of a tensor over all ranks, in its place."""
        with self.translating_errors():
            dist.all_reduce(tensor)
        return tensor

    @staticmethod
    def leave() -> None:
        """Leave the others, whether or not they are still there."""
        with contextlib.suppress(RuntimeError, ValueError, AssertionError):
            dist.destroy_process_group()

    @staticmethod
    @contextlib.contextmanager
    def translating_errors() -> Iterator[None]:
        """Turn what torch says of a rank that is gone into RankLost."""
        try:
            yield
        except RuntimeError as error:
            if isinstance(error, dist.DistError) or "gloo" in str(error) or "closed by peer" in str(error):
                raise RankLost(f"another process can be reached no more: {_reason(error)}") from None
            raise


def why_not_met(error: RuntimeError, place: Place, timeout: timedelta) -> str:
    """Return why processes have not come together, from an error of torch."""
    return meeting_problem(_reason(error), place.rank, place.world_size, timeout.total_seconds())


def _reason(error: BaseException) -> str:
    """Return the first sentence of what gloo says, without the place in its source."""
    line = str(error).strip().splitlines()[0].rpartition("RuntimeError: ")[2]
    return re.sub(r"^\[[^]]*\] ?", "", line).partition(". ")[0][:200]
