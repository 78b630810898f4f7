"""Run a script that is watched in several processes, as torchrun does on one machine.

    python -m rnn_tui.engine.watch.run_ranks FD ON_HANGUP LOG --lock=FD --processes=N [OPTIONS] -- SCRIPT ARGS

Each process is one of `run_script`. This one waits for them, and exits as the one does that has failed first.
"""

import os
import signal
import socket
import sys
import uuid

from rnn_tui.common.program_text import program_text
from rnn_tui.engine.watch.rank_socket import lend

__all__ = ["main"]

_PROGRAM = program_text("rnn_tui.engine.watch.run_script", "main()", puts_folder_back=True)


def main() -> None:
    """Run the script that the command line names in several processes."""
    descriptor, on_hangup, log, lock, processes, *rest = sys.argv[1:]
    listener = socket.socket(fileno=int(descriptor))
    place = lend(listener, int(lock.removeprefix("--lock=")))
    del sys.path[0]  # the folder that we are in: what torch imports does not come from there
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as torchrun does: else each takes all cores
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=int(processes.removeprefix("--processes=")),
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=0,
    )
    try:
        elastic_launch(config, sys.executable)("-c", _PROGRAM, str(place), on_hangup, log, *rest)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        code = failure.exitcode
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"has ended with exit code {code}"
        sys.stderr.write(f"rnn-tui: rank {rank} (process {failure.pid}) {how}\n")
        sys.exit(code if code >= 0 else 128 - code)
    except SignalException as error:
        sys.exit(128 + int(error.sigval))


if __name__ == "__main__":
    main()
