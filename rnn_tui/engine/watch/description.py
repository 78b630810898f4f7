"""What views are told of a script that is watched: its networks, what is known of a pass, and what can be done."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec
import torch

from rnn_tui.engine.watch.control import Control
from rnn_tui.engine.watch.look_back import LookBack
from rnn_tui.engine.watch.networks import WatchedNetwork
from rnn_tui.engine.watch.observer import Observer
from rnn_tui.engine.watch.optimizers import LearningRate
from rnn_tui.engine.watch.watched_pass import WatchedPass
from rnn_tui.experiment.spec import Data, Experiment, Network, RunOptions
from rnn_tui.experiment.stand_ins import stand_ins
from rnn_tui.protocol.engine_messages import Opened, Whereabouts
from rnn_tui.protocol.frame import Status
from rnn_tui.protocol.subject import Ability, Subject

__all__ = ["Description", "PassFacts"]

_NO_NETWORK = "No recurrent network has been called yet: only the loss can be shown."


@dataclass(frozen=True, kw_only=True)
class PassFacts:
    """What is known of the newest pass that was taken apart, or of a kept one: see `WatchedPass`."""

    experiment: Experiment
    network: str = ""  # its name
    device: str = "cpu"
    fed: int = 0  # time steps; 0: the newest pass could not be taken apart
    rate: LearningRate = field(default_factory=LearningRate)  # of the network
    reads_tokens: bool = True
    notes: tuple[str, ...] = ()
    classes_from: int = 0
    reads: str = ""
    embedding: int = 0

    @classmethod
    def before_any(cls, script: str, name: str) -> "PassFacts":
        """Return what is known before any pass: there is a script."""
        experiment = Experiment(
            name=name,
            data=Data(inputs=(), text=script, vocabulary=stand_ins(1)),
            network=Network(head="linear"),
            run=RunOptions(speed=0.0),
        )
        return cls(experiment=experiment)

    def of(self, network: WatchedNetwork | None, observed: WatchedPass | None, rate: LearningRate) -> "PassFacts":
        """Return what is known once a pass has been taken apart; where none could be, what is known still."""
        if network is None or observed is None:
            return replace(self, fed=0, rate=rate)
        embedding = observed.model.embedding
        return PassFacts(
            experiment=observed.experiment,
            network=network.name,
            device=str(observed.device),
            fed=observed.fed,
            rate=rate,
            reads_tokens=observed.reads_tokens,
            notes=observed.notes,
            classes_from=observed.classes_from,
            reads=observed.reads,
            embedding=0 if embedding is None else embedding.embedding_dim,
        )

    @property
    def described(self) -> "PassFacts":
        """The part of them that a description has: not what changes from pass to pass."""
        return replace(self, device="", fed=0, rate=LearningRate(optimizer=self.rate.optimizer))


class Description:
    """Describes a script, and the network of it that is shown."""

    def __init__(
        self,
        observer: Observer,
        control: Control,
        back: LookBack,
        *,
        name: str,
        script: str,
        words: Sequence[str],
        can: tuple[Ability, ...],
    ) -> None:
        self.words = tuple(words)  # of the vocabulary
        self._observer, self._control, self._back = observer, control, back
        self._name, self._script, self._can = name, script, can
        self.ranks, self.rank = "", 0  # where the notes of all ranks are, and which of them this is
        self._weights = 0  # of the model of the network that is shown
        self._last: Subject | None = None  # the newest, of a script whose models may be gone since

    def note(self, facts: PassFacts, network: WatchedNetwork | None) -> None:
        """Take what is known now as what can be told when the models are gone."""
        self._last = self.subject(facts, network, has_words=True)

    def opened(self, facts: PassFacts, network: WatchedNetwork | None, *, run: int, has_words: bool) -> Opened:
        """Describe what is looked at, to a view; `has_words`: to one that has the words of the vocabulary already."""
        model = None if network is None else network.model()
        if model is not None:
            self._weights = sum(weight.numel() for weight in model.parameters())
        experiment = self._without_vocabulary(facts.experiment)
        return Opened(
            run=run,
            name=self._name,
            experiment=experiment,
            began=experiment,
            weights=self._weights,
            device=facts.device,
            torch=str(torch.__version__),
            subject=self.subject(facts, network, has_words=has_words),
        )

    def whereabouts(
        self, facts: PassFacts, network: WatchedNetwork | None, status: Status, *, views: int
    ) -> Whereabouts:
        """Return where the script is, for a client that does not look at it."""
        return Whereabouts(
            name=self._name,
            experiment=self._without_vocabulary(facts.experiment),
            status=status,
            device=facts.device,
            views=views,
            process=os.getpid(),
            subject=self.subject(facts, network, has_words=True),
        )

    def subject(self, facts: PassFacts, network: WatchedNetwork | None, *, has_words: bool = False) -> Subject:
        """Describe the script itself."""
        every = self._observer.networks.all
        words = () if has_words else self.words
        if not every and network is not None and self._last is not None:
            return msgspec.structs.replace(self._last, words=words, has_words=has_words, can=self._abilities)
        about = cell = ""
        if network is not None:
            is_known = facts.network == network.name
            about = network.facts(facts.reads, facts.experiment.network.hidden_size) if is_known else network.facts()
            cell = network.cell
        return Subject(
            script=self._script,
            networks=tuple(each.name for each in every),
            network=every.index(network) if network is not None else 0,
            network_facts=about,
            cell=cell,
            embedding=facts.embedding,
            optimizer=facts.rate.optimizer,
            words=words,
            has_words=has_words,
            stand_ins=len(facts.experiment.data.vocabulary),
            reads="tokens" if facts.reads_tokens else "numbers",
            classes_from=facts.classes_from,
            ranks=self.ranks,
            rank=self.rank,
            can=self._abilities,
            notes=(
                *(facts.notes if every else (_NO_NETWORK,)),
                *filter(None, (self._back.problem, self._observer.networks.problem)),
            ),
        )

    @property
    def _abilities(self) -> tuple[Ability, ...]:
        return (*self._can, *(("back",) if self._back.is_possible else ()))

    def _without_vocabulary(self, experiment: Experiment) -> Experiment:
        """Return an experiment as it is described: of the vocabulary, which may be long, its size is enough."""
        data = msgspec.structs.replace(experiment.data, vocabulary="")
        run = msgspec.structs.replace(experiment.run, until=self._control.until)
        return msgspec.structs.replace(experiment, data=data, run=run)
