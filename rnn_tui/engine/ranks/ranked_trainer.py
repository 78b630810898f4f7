"""The training loop of one of several processes: its rows of each batch, and the sums over all ranks.

A rank's loss is its part of the mean over the whole batch, so the sum over the ranks is the loss, and the sum of their
gradients its gradient: those of one process. DistributedDataParallel adds the gradients up while the backward pass is
under way (Li et al., 2020; arXiv:2006.15704). The update is then the same everywhere, with nothing more to be sent.
"""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import torch
import torch.distributed as dist
from msgspec.structs import replace
from torch import Tensor, nn
from torch._C._distributed_c10d import GradBucket
from torch.futures import Future
from torch.nn.parallel import DistributedDataParallel

from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.answers.row_view import RowView, view_row
from rnn_tui.engine.network.cells import map_state
from rnn_tui.engine.network.model import Model, State
from rnn_tui.engine.ranks.orders import FinishUpdate, Look, Reconfigure, Restore, Take, Tick
from rnn_tui.engine.ranks.team import Team
from rnn_tui.engine.session.processes import EndAsked
from rnn_tui.engine.training.batches_on_device import Source
from rnn_tui.engine.training.prediction import right_rows
from rnn_tui.engine.training.snapshot import Snapshot
from rnn_tui.engine.training.trainer import Operation, Trainer
from rnn_tui.experiment.spec import Experiment, Training
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.ranks import RankFigures

__all__ = ["RankedTrainer"]


class RankedTrainer(Trainer):
    """A trainer among others like it, one a rank. A tick is a whole sequence."""

    def __init__(self, experiment: Experiment, device: torch.device, source: Source | None, team: Team) -> None:
        """Begin before the first tick; all ranks do so together."""
        self._team = team
        super().__init__(experiment, device, source, team.share)
        self.unit = "sequence"
        self._probe, self._guard = Probe(self), Guard()  # for who looks at the rows of this rank from rank 0
        self._all_ready = 0.0  # when the last gradient of this pass was computed here
        with team.translating_errors():
            self._pass = DistributedDataParallel(
                _WholePass(self.model, self._read_whole),
                device_ids=None if device.index is None else [device.index],
            )
        self._pass.register_comm_hook(None, self._add_up)

    def tick(self) -> None:
        """Compute a pass, on all ranks."""
        self._team.tell(Tick())
        with self._team.translating_errors():
            super().tick()

    def operations(self) -> Iterator[tuple[Operation, Tensor | None]]:
        """Run a pass: its forward pass is one operation, since DistributedDataParallel sees it as one."""
        if self.has_update:
            super().finish_update()
            yield "update", None
        began = time.perf_counter()
        self._begin_pass()
        will_update = self.collected + 1 >= self.experiment.training.accumulate
        with nullcontext() if will_update else self._pass.no_sync():
            logits, self.state = self._pass(self.dataset.x(0, self.length), self.state)
            self.logits.append(logits.detach())
            yield "head", logits
            self._add_loss(logits, 0, self.length)
            yield "loss", self.loss
            self.fed = self.length
            self.ticks += 1
            self._all_ready = 0.0
            self._backward()
        self._share_figures(began)
        yield "backward", self.total

    def finish_update(self) -> None:
        """Make the update that the last pass has prepared, on all ranks."""
        if self.has_update:
            self._team.tell(FinishUpdate())
        super().finish_update()

    def reconfigure(self, training: Training) -> None:
        """Change the training settings, on all ranks."""
        self._team.tell(Reconfigure(training))
        super().reconfigure(training)
        self.unit = "sequence"

    # ---- rows of other ranks -----------------------------------------------------------------------------------

    def view_elsewhere(self, wanted: Wanted) -> RowView:
        """Return what is seen of a row that another rank has, by its number in the whole batch."""
        rows = self.dataset.all_rows
        row = min(wanted.row, rows - 1)
        rank = self._team.share.rank_of(row, rows)
        wanted = replace(wanted, row=row - self._team.share.of_rank(rank).rows(rows).start)
        self._team.tell(Look(wanted, rank))
        return self._team.send_from(rank, None)

    def show(self, wanted: Wanted, rank: int) -> None:
        """Let rank 0 see a row, where that rank is this one; all ranks come here together."""
        is_asked = rank == self._team.share.rank
        seen = self._guarded_view(wanted) if is_asked else None
        self._team.send_from(rank, seen)

    def _guarded_view(self, wanted: Wanted) -> RowView:
        seen = view_row(self._probe, wanted, self._guard)
        return dataclasses.replace(seen, failures=self._guard.take_failures())

    # ---- snapshots, which are of all ranks ---------------------------------------------------------------------

    def taking(self, *, beginning: bool) -> None:
        """Let the others take part in a snapshot."""
        self._team.tell(Take(beginning))

    def of_all_rows(self, state: State) -> State:
        """Return the state of all rows of the batch; all ranks give theirs."""
        return map_state(state, self._of_all_rows)

    def of_all_ranks(self, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Return the gradients that wait for those of other passes, added up over all ranks."""
        return [None if each is None else self._team.add_up(each.clone()) for each in gradients]

    def own_part(self, snapshot: Snapshot | None) -> Snapshot:
        """Return this rank's part of what rank 0 restores, which alone has it; what waits is left to rank 0."""
        self._team.tell(Restore())
        return self._team.send_from(0, snapshot).part_of(self.dataset.own_rows, waits=self._team.leads)

    def _of_all_rows(self, own: Tensor) -> Tensor:
        layers, _, size = own.shape
        whole = own.new_zeros(layers, self.dataset.all_rows, size)
        whole[:, self.dataset.own_rows] = own.detach()
        return self._team.add_up(whole)

    # ---- a pass ------------------------------------------------------------------------------------------------

    def _read_whole(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        output, state = self._over_time(self._embed(x), state, 0, self.length)
        logits = self._read_out(output)
        return logits.transpose(0, 1) if self.dataset.batch_first else logits, state

    def _add_up(self, _: object, bucket: GradBucket) -> Future[Tensor]:
        """Add gradients up over the ranks, where torch's own hook would average them."""
        self._all_ready = time.perf_counter()
        work = dist.all_reduce(bucket.buffer(), async_op=True)
        return work.get_future().then(lambda done: done.value()[0])  # type: ignore[no-any-return]

    def _share_figures(self, began: float) -> None:
        """Exchange what each rank has found: the loss of the pass is the sum of their parts."""
        assert self.total is not None
        over = time.perf_counter()
        ready = self._all_ready or over
        own = [self.total.item(), self._right_rows(), ready - began, over - ready, self._team.signal]
        found = self._team.gather_numbers(torch.tensor(own, dtype=torch.float64))
        self.total = self.loss = found[:, 0].sum().to(self.total)
        self.right_elsewhere = int(found[:, 1].sum() - own[1])
        asked = [EndAsked(rank, int(number)) for rank, number in enumerate(found[:, 4].tolist()) if number]
        self._team.end_asked = self._team.end_asked or next(iter(asked), None)
        shares = [self._team.share.of_rank(rank).rows(self.dataset.all_rows) for rank in range(len(found))]
        self.figures = tuple(
            RankFigures(
                rank=rank,
                update=self.epoch,
                rows=share.stop - share.start,
                characters=(share.stop - share.start) * self.length,
                loss=loss * self.dataset.all_rows / (share.stop - share.start),
                computing=computing,
                waiting=waiting,
            )
            for rank, (share, (loss, _, computing, waiting, _)) in enumerate(zip(shares, found.tolist(), strict=True))
        )

    def _right_rows(self) -> int:
        """Return in how many rows all is right, where rows have an end."""
        return right_rows(self) if self.dataset.tells_learnt or self.experiment.data.padded else 0


class _WholePass(nn.Module):
    """A pass as one module, for DistributedDataParallel."""

    def __init__(self, model: Model, read: Any) -> None:
        super().__init__()
        self.model = model
        self._read = read

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Turn what a model reads, and the state before it, into logits (T, N, C) and the state after it."""
        found: tuple[Tensor, State] = self._read(x, state)
        return found
