"""Start the process of an engine, or of a script that is watched, and link to it."""

import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rnn_tui.client.connect import connect
from rnn_tui.common.program_text import program_text
from rnn_tui.protocol.engine_folders import EngineFolder, new_engine_folder
from rnn_tui.protocol.engine_log import new_log, open_for_log, output_beside
from rnn_tui.protocol.rendezvous import SOCKET, OnDisconnect

if TYPE_CHECKING:
    from rnn_tui.client.link import EngineLink
    from rnn_tui.client.script_link import ScriptLink

__all__ = ["start_engine", "start_script"]

_ENGINE = "rnn_tui.engine.host.serve"
_SCRIPT = "rnn_tui.engine.watch.run_script"
_RANKS = "rnn_tui.engine.watch.run_ranks"
_UNHEARD = "new.sock"  # the socket while no process listens to it
_QUEUE = 8  # connections that may wait to be accepted
_PATIENCE = 5.0  # seconds that connecting may take


def start_engine(on_hangup: OnDisconnect = "train") -> "EngineLink":
    """Start an engine, and return at once while it loads torch. Raises EnginesError.

    Its socket lies in a folder that only its owner can enter. We listen on it before the process starts and hand the
    listening end over, so that connecting needs neither waiting nor a second try.
    """
    peer, home, process = _start(lambda started: [_ENGINE, str(started.listener), on_hangup, str(started.log)])
    from rnn_tui.client.link import EngineLink  # for start-up time: what that imports takes a while

    return EngineLink(process, peer, home.path, home)


def start_script(
    script: Sequence[str],
    options: Sequence[str] = (),
    *,
    on_hangup: OnDisconnect = "train",
    stdin: int | None = None,
    processes: int = 1,
) -> "ScriptLink":
    """Start a script that is watched, and return at once. Raises EnginesError.

    `script` is a file and its arguments, or -m, a module and its arguments; `options` are those of `run_script`;
    `stdin` is what the script reads, or None: nothing; `processes`: as many run it, as torchrun starts them.
    """

    def arguments(started: _Started) -> list[str]:
        lock = f"--lock={started.lock}"
        several = [f"--processes={processes}"] if processes > 1 else []
        module = _RANKS if several else _SCRIPT
        return [module, str(started.listener), on_hangup, str(started.log), lock, *several, *options, "--", *script]

    peer, home, process = _start(arguments, stdin=stdin, is_script=True)
    from rnn_tui.client.script_link import ScriptLink  # likewise

    return ScriptLink(process, peer, home.path, home)


class _Started(msgspec.Struct, frozen=True):
    """What a process that is being started needs to know."""

    listener: int
    lock: int
    log: Path


def _start(
    arguments: Callable[[_Started], list[str]], *, stdin: int | None = None, is_script: bool = False
) -> tuple[socket.socket, EngineFolder, subprocess.Popen[bytes]]:
    """Start a process that takes a socket, which we are connected to. Raises EnginesError."""
    home = new_engine_folder()
    folder = home.path
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / _UNHEARD))
        listener.listen(_QUEUE)
        (folder / _UNHEARD).rename(folder / SOCKET)  # a process listens to every socket of that name
        peer = connect(folder, patience=_PATIENCE)
        log = new_log(folder)
        started = _Started(listener.fileno(), home.lock, log)
        with open(open_for_log(output_beside(log) if is_script else log), "ab") as output:
            module, *rest = arguments(started)
            process = subprocess.Popen(
                [sys.executable, "-c", program_text(module, "main()", puts_folder_back=True), *rest],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=output,
                stderr=output,
                pass_fds=[started.listener, started.lock],  # both hold the lock on the folder
                start_new_session=True,
            )
    return peer, home, process
