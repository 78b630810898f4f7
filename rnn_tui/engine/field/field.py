"""The field: all members of a comparison, which learn in lockstep, an update at a time."""

import msgspec
import torch

from rnn_tui.data.load import LoadedData, load
from rnn_tui.engine.field.alone import Alone, is_large
from rnn_tui.engine.field.first_weights import FirstWeights, draw_first, forget_first
from rnn_tui.engine.field.results import Results
from rnn_tui.engine.field.stack import Stack, stack_key
from rnn_tui.engine.network.cells import State
from rnn_tui.engine.training.batches_on_device import Dataset, RowsDataset, build_dataset
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.field import WAITING

__all__ = ["Field"]

_CPU = torch.device("cpu")


class Field:
    """Many networks that learn at once. Members of one shape are a stack; large ones come one after another.

    Every member makes the passes of its single run: the same weights to begin with, the same batches, masks and random
    states, so that its losses are those of `rnn-tui train` with its settings, up to rounding.
    """

    def __init__(self, comparison: Comparison, *, stops_when_learnt: bool = False) -> None:
        """Build all members. Raises ExperimentError for one that cannot run."""
        self.comparison = comparison
        self.results = Results(comparison.members)
        given = [comparison.experiment(member) for member in range(comparison.members)]
        loaded = _load_all(given)
        self.experiments: list[Experiment] = [each.experiment for each in loaded]
        self._sources = [each.source for each in loaded]
        more = {"stops_when_learnt": stops_when_learnt}
        large = [number for number, each in enumerate(self.experiments) if is_large(each)]
        self._alone = Alone(large, [given[number] for number in large], self.results, **more)
        groups: dict[object, list[int]] = {}
        for number, each in enumerate(self.experiments):
            if number not in set(large):
                groups.setdefault(stack_key(each), []).append(number)
        self.stacks: list[Stack] = []
        shared: dict[object, Dataset] = {}
        for numbers in groups.values():
            datasets, firsts = [], []
            for number in numbers:
                first, dataset = self._begin(number, shared)
                firsts.append(first)
                datasets.append(dataset)
            experiments = [self.experiments[number] for number in numbers]
            self.stacks.append(Stack(numbers, experiments, datasets, firsts, self.results, **more))
        forget_first()

    @property
    def is_over(self) -> bool:
        """Whether every member has come to its end."""
        return all(stack.is_over for stack in self.stacks) and self._alone.is_over

    @property
    def going(self) -> int:
        """How many members make a pass in a step."""
        return sum(stack.going for stack in self.stacks)

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

    def trainer(self, member: int) -> Trainer:
        """Build the trainer of a member as its single run would be after the newest pass, to look into."""
        experiment = self.experiments[member]
        alone = self._alone.trainer_of(member)
        if alone is not None:
            return alone
        trainer = _GivenStates(experiment, _CPU, self._sources[member])
        passes = int(self.results.passes[member])
        stack = next((each for each in self.stacks if each.holds(member)), None)
        if stack is None or self.results.states[member] == WAITING:
            return trainer
        torch.nn.utils.vector_to_parameters(stack.weights_of(member), trainer.model.parameters())
        if passes:
            trainer.given_h_0 = stack.state_before(member)
            trainer.return_to(ticks=(passes - 1) * trainer.length, epoch=passes - 1)
            trainer.unit = "sequence"
            trainer.tick()
        return trainer

    def _begin(self, number: int, shared: dict[object, Dataset]) -> tuple[FirstWeights, Dataset]:
        """Return the first weights of a member and its data, which those with the same rows share."""
        experiment = self.experiments[number]
        first = draw_first(experiment)
        key = (experiment.data, experiment.network.embedding > 0, experiment.network.batch_first)
        dataset = shared.get(key)
        if dataset is None:
            dataset = build_dataset(experiment, _CPU, self._sources[number])
            if isinstance(dataset, RowsDataset):
                shared[key] = dataset
        return first, dataset


class _GivenStates(Trainer):
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
        key = (data, each.training.seed if data.pairs or data.series else 0)
        if key not in known:
            known[key] = load(each)
        of_first = known[key]
        found.append(
            LoadedData(
                given=msgspec.structs.replace(each, data=of_first.given.data),
                experiment=msgspec.structs.replace(each, data=of_first.experiment.data),
                source=of_first.source,
                origin=of_first.origin,
            )
        )
    return found
