"""The journal: append-only, hash-chained, replayed at every start; and the log of inputs."""
