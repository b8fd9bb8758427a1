"""The terminal's side: the agent's shell, its worker, the simulated broker and its MetaTrader5 client."""
