"""The live engines: which there are, of any version, and what each of them does."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from rnn_tui.client.inquiry import Inquiry, Outcome, ask
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.core import Farewell, Greeting, Inquire, Refused, RunSummary, Stop
from rnn_tui.protocol.engine_folders import EnginesError, clear_away, engine_folders, engines_folder
from rnn_tui.protocol.engine_messages import Whereabouts
from rnn_tui.protocol.field import FieldSummary
from rnn_tui.protocol.rendezvous import Note, read_note
from rnn_tui.protocol.subject import Subject
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import ProtocolError, decode_message

__all__ = ["EnginesError", "LiveEngine", "ask_engine", "engines_folder", "live_engines", "stop_engine"]

_ANSWER = 2.0  # seconds that engines have to report their run; a large network's tick may take longer
_FIRST_WORD = 10.0  # seconds that a large network may need for a step, before it reads anything
_CROWDED = "has no room for another connection"


class LiveEngine(msgspec.Struct, frozen=True, kw_only=True):
    """An engine that listens. If `run` is None, it has not reported its run in time."""

    folder: Path  # of its socket
    note: Note = Note()
    run: RunSummary | None = None
    experiment: Experiment | None = None  # that it runs; None also if it is of another version
    subject: Subject | None = None  # the script that it watches, if it watches one
    field: FieldSummary | None = None  # the networks that it trains, if they are many
    greeting: Greeting | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """The name of its run, as the user knows it."""
        return self.run.name if self.run is not None else self.note.name

    @property
    def kept(self) -> str:
        """The folder of its run on the disk; empty: none."""
        return self.run.kept if self.run is not None else self.note.kept

    @property
    def process(self) -> int:
        """The engine's process; 0: unknown."""
        return self.run.process if self.run is not None else self.note.process

    @property
    def other_version(self) -> str:
        """Its version, if it is not ours: "protocol 2", "rnn-tui 0.3.0 (protocol 4)"; else empty."""
        if self.greeting is None or self.greeting.version == VERSION:
            return ""
        protocol = f"protocol {self.greeting.version}"
        return f"rnn-tui {self.greeting.program} ({protocol})" if self.greeting.program else protocol


def live_engines() -> list[LiveEngine]:
    """Return the engines that listen, newest first, and clear away what others have left. Raises EnginesError."""
    found = [each for each in _asked(engine_folders(), _ANSWER) if each is not None]
    return [each for each in found if each.problem or each.name]  # the others have not opened a run yet


def ask_engine(folder: Path, *, patience: float = _ANSWER) -> LiveEngine | None:
    """Return what the engine in a folder reports; None if there is none."""
    return _asked([folder], patience)[0]


def stop_engine(engine: LiveEngine, *, patience: float, first_word: float = _FIRST_WORD) -> Farewell:
    """End an engine, which saves its run first. Raises EnginesError if it does not answer."""
    (answer,) = ask([engine.folder], Stop(keep=True), patience=patience, greeting=min(first_word, patience))
    if isinstance(answer.said, Farewell):
        return answer.said
    match answer.outcome:
        case Outcome.DEAD:
            raise EnginesError("has ended by itself")
        case Outcome.TURNED_AWAY if answer.greeting is not None:
            raise EnginesError("has ended without a word")
        case Outcome.SILENT:
            waited = patience if answer.greeting is not None else min(first_word, patience)
            process = f" (process {engine.process})" if engine.process else ""
            later = "; it has been told to, and stops as soon as it goes on" if answer.is_asked else ""
            raise EnginesError(f"does not answer within {waited:g} s{process}{later}")
    raise EnginesError(_problem(answer))


def _asked(folders: Sequence[Path], patience: float) -> list[LiveEngine | None]:
    return [_alive(answer) for answer in ask(folders, Inquire(), patience=patience)]


def _alive(answer: Inquiry) -> LiveEngine | None:
    if answer.outcome is Outcome.DEAD:
        clear_away(answer.folder)
        return None
    run = answer.said if isinstance(answer.said, RunSummary) else None
    problem, experiment, subject, field = _problem(answer), None, None, None
    if run is not None and answer.greeting is not None and answer.greeting.version == VERSION:
        try:
            whole = decode_message(answer.body)
            if isinstance(whole, Whereabouts):
                experiment, subject, field = whole.experiment, whole.subject, whole.field
            if experiment is not None and subject is not None:
                experiment = subject.with_vocabulary(experiment)
        except ProtocolError as error:
            problem = f"belongs to another version of rnn-tui: {error}"
    note = read_note(answer.folder)
    return LiveEngine(
        folder=answer.folder,
        note=note,
        run=run,
        experiment=experiment,
        subject=subject,
        field=field,
        greeting=answer.greeting,
        problem=problem,
    )


def _problem(answer: Inquiry) -> str:
    """Return why an engine that listens has not answered; empty if it has, or may yet."""
    match answer.outcome, answer.said:
        case Outcome.NONSENSE, _:
            return f"belongs to another version of rnn-tui: {answer.problem}"
        case Outcome.TURNED_AWAY, _:
            return _CROWDED
        case Outcome.ANSWERED, Refused(problem=problem):
            return f"refuses: {problem}"
        case Outcome.ANSWERED, Farewell():
            return "is just ending"
    return ""
