"""Drives a field of many networks at its pace. Knows nothing about views."""

import time
from collections import deque
from collections.abc import Callable, Sequence

from rnn_tui.engine.field.field import Field
from rnn_tui.engine.host.kept_field import KeptField
from rnn_tui.engine.host.kept_members import KeptMembers
from rnn_tui.engine.host.pace import Pace
from rnn_tui.engine.training.threads import choose_threads
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.protocol.commands import Command, Play, Restart, SetSpeed, Step
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.field import KeepMember, KeptMember, OpenField, SelectMember
from rnn_tui.protocol.inspect import Ask

__all__ = ["FieldHost"]

_STRETCH = 0.01  # seconds of updates between two looks at the socket
_MOMENT = 1.0  # seconds over which updates a second are counted


class FieldHost:
    """Plays one field, or holds it."""

    goes_on_alone = False
    fills_cores = False

    def __init__(self) -> None:
        self.tell: Callable[[Refused | KeptMember], None] = lambda _: None
        self.attended = True
        self.revision = 0
        self.description = 0
        self.field: Field | None = None
        self.playing = False
        self.selected = 0
        self.pace = Pace()
        self._kept = KeptField(lambda problem: self.tell(Refused(problem=problem)))
        self._members = KeptMembers(lambda kept: self.tell(kept))
        self._counted: deque[tuple[float, int]] = deque()  # moments, and the updates made by then
        self.updates = 0  # of all networks together

    @property
    def is_open(self) -> bool:
        """Whether there is a field."""
        return self.field is not None

    @property
    def name(self) -> str:
        """The name by which the comparison is found; empty as long as there is none."""
        return "" if self.field is None else self._kept.name

    @property
    def kept(self) -> str:
        """The comparison's folder on the disk; empty: none."""
        return self._kept.kept

    @property
    def is_worth_keeping(self) -> bool:
        """Whether anything has been learnt that would be lost."""
        return self.field is not None and bool(self.field.results.passes.any())

    @property
    def is_done(self) -> bool:
        """Whether all members have come to their end."""
        return self.field is not None and self.field.is_over

    @property
    def busy(self) -> bool:
        """Whether there is something to do without being asked."""
        return self.playing or self._members.is_busy

    @property
    def updates_per_second(self) -> float:
        """How many updates a second have been made lately, of all networks together."""
        if not self.playing or len(self._counted) < 2:
            return 0.0
        (began, first), (ended, last) = self._counted[0], self._counted[-1]
        return (last - first) / (ended - began) if ended > began else 0.0

    def patience(self) -> float | None:
        """Return for how many seconds it may be waited for commands: 0 at full speed, None while nothing is to do."""
        if self._members.is_busy:
            return 0.0
        return self.pace.wait() if self.playing else None

    def turn(self) -> None:
        """Make the updates that are due, at full speed those of a short stretch; go on with what is being kept."""
        if self._members.is_busy:
            self._members.work(_STRETCH)
        if not self.playing or not self.pace.is_due:
            return
        until = time.perf_counter() + _STRETCH
        self._step()
        while self.playing and not self.pace.wait() and time.perf_counter() < until:
            self._step()

    def obey(self, command: Command) -> None:
        """Carry out a command. Raises ExperimentError where that cannot be; the field stays as it was."""
        match command:
            case OpenField():
                self._open(command)
            case Restart() if self.field is not None:
                self._open(self._kept.again(self.field))
            case SelectMember(member=member) if self.field is not None:
                self._check_member(member)
                self.selected = member
                self.description += 1
            case KeepMember(member=member) if self.field is not None:
                self._keep_member(self.field, member)
            case Play(on=on):
                self._play(on)
            case SetSpeed(speed=speed):
                self.pace.speed = speed
                self.pace.count()
            case Step() if self.field is not None:
                self._play(False)
                self._step()
            case _:
                return
        self.revision += 1

    def pause(self) -> None:
        """Hold the field."""
        self._play(False)

    def keep(self) -> str:
        """Have the field on the disk as it is. Returns why that cannot be done; empty: it is done."""
        if self.field is None:
            return ""
        before = self.kept
        problem = self._kept.keep(self.field)
        self.description += self.kept != before
        return problem

    def keep_updates(self, asks: Sequence[Ask]) -> None:
        """Do nothing: the updates of single members are not kept."""

    def stop(self) -> None:
        """End the field."""
        self._play(False)
        self.close()

    def close(self) -> None:
        """Write the last checkpoint, if the field is on the disk."""
        self._members.close()
        self._kept.close()

    @property
    def comparison(self) -> Comparison:
        """What is compared."""
        assert self.field is not None
        return self.field.comparison

    def _check_member(self, member: int) -> None:
        if member >= self.comparison.members:
            raise ExperimentError("training.seed", f"there is no network {member + 1:,} in this field")

    def _keep_member(self, field: Field, member: int) -> None:
        self._check_member(member)
        if self._kept.cannot_be:
            raise ExperimentError("", self._kept.cannot_be)
        self._members.keep(member, field.comparison.experiment(member), int(field.results.passes[member]))

    def _open(self, command: OpenField) -> None:
        choose_threads(command.comparison.base)  # one: beside other programs, several wait for one another
        self.field = self._kept.open(command)
        self._members.close()
        self.selected = 0
        self.updates = 0
        self.description += 1
        self.pace.speed = 0.0
        self._play(command.play)

    def _play(self, on: bool) -> None:
        self.playing = on and self.field is not None and not self.field.is_over
        self.pace.begin()
        self._counted.clear()

    def _step(self) -> None:
        assert self.field is not None
        self.description += self._kept.settle(self.field)
        going = self.field.going or 1
        again = self.field.step()
        self.updates += going
        now = time.perf_counter()
        self._counted.append((now, self.updates))
        while now - self._counted[0][0] > _MOMENT:
            self._counted.popleft()
        self.revision += 1
        self.pace.ticked()
        if again:
            self._kept.stepped()
        else:
            self.playing = False
            self._kept.save()
