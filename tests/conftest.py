"""What all tests share: one thread for torch, and how hypothesis searches."""

import os

from hypothesis import settings

# Before anything imports torch: small networks are faster on one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("house", deadline=None, derandomize=True, database=None)
# --hypothesis-profile=wide: a longer search, with other examples each time
settings.register_profile("wide", deadline=None, database=None, max_examples=2000)
settings.load_profile("house")
