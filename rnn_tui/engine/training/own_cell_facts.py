"""The experiments of a cell of one's own, with what is known of it."""

import dataclasses

import msgspec

from rnn_tui.data.load import LoadedData
from rnn_tui.engine.network.own_cell import own_facts
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.own_cell import OwnCell
from rnn_tui.experiment.spec import Experiment

__all__ = ["with_own_cell"]


def with_own_cell(data: LoadedData) -> LoadedData:
    """Add what is known of an experiment's own cell; any other experiment stays as it is.

    Raises CellError, where its author must mend it.
    """
    if data.experiment.network.cell != OWN:
        return data
    own = own_facts(data.experiment)
    return dataclasses.replace(data, given=_with(data.given, own), experiment=_with(data.experiment, own))


def _with(experiment: Experiment, own: OwnCell) -> Experiment:
    return msgspec.structs.replace(experiment, network=msgspec.structs.replace(experiment.network, own=own))
