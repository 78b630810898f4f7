"""The engine's process: commands in, frames out, ticks in between.

    python -m rnn_tui.engine.host.serve FD [train | pause | stop] [LOG]

FD is a listening Unix-domain socket, inherited; the word says what becomes of the run when its last view vanishes.
The process outlives its views as long as a run goes on, and takes its socket with it when it ends.
"""

import logging
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

import torch

from rnn_tui import __version__
from rnn_tui.common.signals import ENDING
from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.connection import Reception
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.host.frames import Frames
from rnn_tui.engine.host.log import begin_log
from rnn_tui.engine.host.open_other import open_other
from rnn_tui.engine.host.server import Server
from rnn_tui.protocol.core import Greeting
from rnn_tui.protocol.rendezvous import ON_DISCONNECT
from rnn_tui.protocol.version import VERSION

__all__ = ["main"]

_log = logging.getLogger(__name__)


def main() -> None:
    """Wait for the view that started this process, and serve it and others."""
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder that we are in: what we import later does not come from there either
    listener = socket.socket(fileno=int(sys.argv[1]))
    (on_hangup,) = [each for each in ON_DISCONNECT if each in sys.argv[2:]] or ON_DISCONNECT[:1]
    folder = Path(listener.getsockname()).parent
    if len(sys.argv) > 3:
        begin_log(sys.argv[3])
    _log.info("rnn-tui %s, torch %s, process %d", __version__, torch.__version__, os.getpid())
    reception = Reception(listener, Greeting(version=VERSION, torch=str(torch.__version__), program=__version__))
    for number in ENDING:
        signal.signal(number, lambda *_: reception.ring())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal of whoever began the run is not the run's
    try:
        driver = Driver(obey)
        Server(reception, driver, Frames(driver), on_hangup, folder=folder, open_other=open_other).run()
        _log.info("over")
    finally:
        reception.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
