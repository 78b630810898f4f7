"""Training on several processes: each computes its rows of every batch, and rank 0 says what comes next."""
