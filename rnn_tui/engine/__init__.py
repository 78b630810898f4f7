"""The engine: the only room that imports torch. It trains and answers requests; it knows nothing about screens."""

import logging

# Its process logs to a file, see `host/log.py`; elsewhere nothing is logged unless the program asks for it.
logging.getLogger(__name__).addHandler(logging.NullHandler())
