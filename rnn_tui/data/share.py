"""Which rows of a batch each of several processes computes."""

from rnn_tui.common.value import Value

__all__ = ["WHOLE", "Share"]


class Share(Value, frozen=True, kw_only=True):
    """One rank's part of each batch. Every rank has as many rows as any other, or one fewer."""

    rank: int = 0
    world_size: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether one process has all rows."""
        return self.world_size == 1

    def rows(self, count: int) -> slice:
        """Return which of `count` rows are this rank's; no row for the last ranks where there are fewer than ranks."""
        least, more = divmod(count, self.world_size)
        start = self.rank * least + min(self.rank, more)
        return slice(start, start + least + (self.rank < more))

    def rank_of(self, row: int, count: int) -> int:
        """Return the rank that has one of `count` rows."""
        return next(rank for rank in range(self.world_size) if row < self.of_rank(rank).rows(count).stop)

    def of_rank(self, rank: int) -> "Share":
        """Return the share of another rank."""
        return Share(rank=rank, world_size=self.world_size)


WHOLE = Share()
