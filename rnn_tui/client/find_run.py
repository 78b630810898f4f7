"""Find the live run that the user means."""

import re
import shlex
from collections.abc import Callable

from rnn_tui import __version__
from rnn_tui.client.discovery import EnginesError, LiveEngine, ask_engine, live_engines
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown
from rnn_tui.protocol.version import VERSION
from rnn_tui.runs.catalog import NoSuchRun, find_any

__all__ = ["PATIENCE", "NoLiveRun", "find_live", "informed", "newest_live"]

_RANK = re.compile(r"-rank\d{1,6}$")  # at the end of the name of a script that is one of several
PATIENCE = 10.0  # seconds that a large network may need for a step


class NoLiveRun(ValueError):
    """Name or number matches no live run; the text is one line that lists the live runs."""


def newest_live() -> LiveEngine:
    """Return the run that was started last. Raises NoLiveRun."""
    found = _alive()
    if not found:
        raise NoLiveRun("no run is alive; `rnn-tui runs` lists those on the disk, and `rnn-tui resume RUN` opens one")
    return _leading(found[:1], found)[0]


def find_live(name: str) -> LiveEngine:
    """Return the run with this name, with a name that begins so, or in this folder. Raises NoLiveRun."""
    found = _alive()
    exact = [each for each in found if each.name == name]
    if not exact:
        try:
            folder = str(find_any(name).resolve())
        except NoSuchRun:
            folder = ""
        exact = [each for each in found if folder and each.kept == folder]
    matching = exact or [each for each in found if name and each.name.startswith(name)]
    matching = _leading(matching)
    if len(matching) > 1:
        raise NoLiveRun(f"{shown(name)}: is the beginning of {len(matching)} runs: {_names(matching)}")
    if not matching:
        which = f"these are: {_names(found)}" if found else "none is"
        raise NoLiveRun(f"{shown(name)}: no run of that name is alive; {which}")
    return matching[0]


def informed(engine: LiveEngine, waits: Callable[[float], object] = lambda _: None) -> LiveEngine:
    """Return the engine with the report of its run; `waits` is called with the seconds it may take, if it takes long.

    Raises NoLiveRun, also if the engine is of another version, so that it can only be stopped.
    """
    if engine.run is None and not engine.problem:
        waits(PATIENCE)
        engine = ask_engine(engine.folder, patience=PATIENCE) or engine
    if engine.other_version:
        stop = f"rnn-tui stop {shlex.quote(safe(engine.name))}" if engine.name else "end its process"
        raise NoLiveRun(
            f"is trained by another version of rnn-tui, {safe(engine.other_version)}, and this is {__version__} "
            f"(protocol {VERSION}): attach with that one, or `{stop}`"
        )
    if engine.problem:
        raise NoLiveRun(safe(engine.problem))
    if engine.experiment is None:
        process = f" (process {engine.process})" if engine.process else ""
        raise NoLiveRun(f"the run does not answer; it may be in a long step, or stopped{process}: try again")
    return engine


def _leading(matching: list[LiveEngine], found: list[LiveEngine] | None = None) -> list[LiveEngine]:
    """Return the first rank of a script of which all that match are ranks; else what matches."""
    launches = {_RANK.sub("", each.name) for each in matching}
    if len(launches) != 1 or not all(_RANK.search(each.name) for each in matching):
        return matching
    ranks = [each for each in found or matching if _RANK.search(each.name) and _RANK.sub("", each.name) in launches]
    return [min(ranks, key=lambda each: int(each.name.rpartition("-rank")[2]))]


def _alive() -> list[LiveEngine]:
    try:
        return live_engines()
    except EnginesError as error:
        raise NoLiveRun(safe(str(error))) from None


def _names(found: list[LiveEngine]) -> str:
    return ", ".join(safe(each.name) or "?" for each in found[:3]) + (", …" if len(found) > 3 else "")
