"""The pure half of the agent beside a terminal: ledger, caps, epoch, tombstones, latch, plans."""
