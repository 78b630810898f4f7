"""The field: all members of a comparison, which learn in lockstep, an update at a time."""

import msgspec
import torch
from torch.nn.utils import vector_to_parameters

from rnn_tui.data.builtin import seed_of
from rnn_tui.data.load import LoadedData, load
from rnn_tui.engine.field.alone import Alone
from rnn_tui.engine.field.alone_in_processes import build_alone
from rnn_tui.engine.field.first_weights import FirstWeights, draw_first
from rnn_tui.engine.field.results import Results
from rnn_tui.engine.field.stack import Stack, stack_key
from rnn_tui.engine.network.cells import State
from rnn_tui.engine.training.batches_on_device import Dataset, RowsDataset
from rnn_tui.engine.training.build_dataset import build_dataset
from rnn_tui.engine.training.own_cell_facts import with_own_cell
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.memory import is_large
from rnn_tui.experiment.rules.network import check_network
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import Experiment, ExperimentError

__all__ = ["Field", "MemberTrainer"]

_CPU = torch.device("cpu")


class Field:
    """Many networks that learn at once. Members of one shape are a stack; large ones come one after another.

    Every member makes the passes of its single run: the same weights to begin with, the same batches, masks and random
    states, so that its losses are those of `rnn-tui train` with its settings, up to rounding.
    """

    def __init__(self, comparison: Comparison, *, stops_when_learnt: bool = False, jobs: int = 1) -> None:
        """Build all members; `jobs` large ones learn at once. Raises ExperimentError for one that cannot run."""
        self.comparison = comparison
        self.results = Results(comparison.members)
        given = list(comparison.experiments())
        loaded = _load_all(given)
        self.experiments: list[Experiment] = [each.experiment for each in loaded]
        self._sources = [each.source for each in loaded]
        more = {"stops_when_learnt": stops_when_learnt}
        large = [number for number, each in enumerate(self.experiments) if is_large(each)]
        self._alone = build_alone(large, [given[number] for number in large], self.results, jobs=jobs, **more)
        alone = set(large)
        groups: dict[object, list[int]] = {}
        for number, each in enumerate(self.experiments):
            if number not in alone:
                groups.setdefault(stack_key(each), []).append(number)
        self.stacks: list[Stack] = []
        shared: dict[object, Dataset] = {}
        known: dict[object, FirstWeights] = {}
        for numbers in groups.values():
            experiments = [self.experiments[number] for number in numbers]
            firsts = [draw_first(each, known) for each in experiments]
            datasets = [self._dataset(number, shared) for number in numbers]
            self.stacks.append(Stack(numbers, experiments, datasets, firsts, self.results, **more))

    @property
    def is_over(self) -> bool:
        """Whether every member has come to its end."""
        return all(stack.is_over for stack in self.stacks) and self._alone.is_over

    @property
    def going(self) -> int:
        """How many members make a pass in a step."""
        return sum(stack.going for stack in self.stacks)

    @property
    def _holders(self) -> list[Stack | Alone]:
        return [*self.stacks, self._alone]

    @property
    def has_right(self) -> bool:
        """Whether a prediction can be right, so that a network can have learnt it."""
        return any(stack.has_right for stack in self.stacks)

    def batches(self, member: int) -> int:
        """Return the passes in an epoch of a member."""
        stack = next((each for each in self.stacks if each.holds(member)), None)
        return self._alone.batches(member) if stack is None else stack.batches

    def step(self) -> bool:
        """Make one pass of every stacked member that learns; when all are done, of the next large one.

        Return whether there is more to do.
        """
        before = torch.get_rng_state()
        try:
            going = [stack for stack in self.stacks if not stack.is_over]
            for stack in going:
                stack.step()
            if not going and not self._alone.is_over:
                self._alone.step()
        finally:
            torch.set_rng_state(before)
        return not self.is_over

    def close(self) -> None:
        """End the processes of large members, if there are any."""
        self._alone.close()

    def trainer(self, member: int) -> "MemberTrainer":
        """Build the trainer of a member, as its single run has it after the newest pass, to look into."""
        trainer = MemberTrainer(self.experiments[member], _CPU, self._sources[member])
        trainer.unit = "sequence"
        self.bring_up(trainer, member)
        return trainer

    def bring_up(self, trainer: "MemberTrainer", member: int) -> None:
        """Make the newest pass of a member again in the trainer that was built for it."""
        passes = int(self.results.passes[member])
        holder = next((each for each in self._holders if each.holds(member)), None)
        weights = None if holder is None else holder.weights_of(member)
        if not passes or holder is None or weights is None:
            return
        vector_to_parameters(weights, trainer.model.parameters())
        trainer.model.zero_grad()
        trainer.collected = 0
        trainer.given_h_0 = holder.state_before(member)
        trainer.return_to(ticks=passes - 1, epoch=passes - 1)
        trainer.tick()

    def _dataset(self, number: int, shared: dict[object, Dataset]) -> Dataset:
        """Return the data of a member, which those with the same rows share."""
        experiment = self.experiments[number]
        key = (experiment.data, experiment.network.embedding > 0, experiment.network.batch_first)
        dataset = shared.get(key)
        if dataset is None:
            dataset = build_dataset(experiment, _CPU, self._sources[number])
            if isinstance(dataset, RowsDataset):
                shared[key] = dataset
        return dataset


class MemberTrainer(Trainer):
    """A trainer whose next pass begins with a state that is known."""

    given_h_0: State | None = None

    def _begin_pass(self) -> None:
        super()._begin_pass()
        if self.given_h_0 is not None:
            self.h_0 = self.state = self.given_h_0


def _load_all(experiments: list[Experiment]) -> list[LoadedData]:
    """Read the data of all members; those that share them read them once."""
    known: dict[object, LoadedData] = {}
    found = []
    for each in experiments:
        data = each.data
        key = (data, each.training.seed if data.series else seed_of(data, each.training.seed))
        try:
            if key not in known:
                known[key] = load(each)
            of_first = known[key]
            check_network(msgspec.structs.replace(each, data=of_first.experiment.data))
            of_this = LoadedData(
                given=msgspec.structs.replace(each, data=of_first.given.data),
                experiment=msgspec.structs.replace(each, data=of_first.experiment.data),
                source=of_first.source,
                origin=of_first.origin,
            )
            found.append(with_own_cell(of_this))
        except ExperimentError as error:
            raise _with_value(error, each) from None
    return found


def _with_value(error: ExperimentError, experiment: Experiment) -> ExperimentError:
    """Return the error with the value that this member has: its setting may be one that varies."""
    if error.value is not None or "." not in error.path:
        return error
    its = setting(error.path)
    value = its.of(experiment)
    return ExperimentError(
        error.path, str(error), value=its.format(value) if isinstance(value, (str, int, float)) else None
    )
