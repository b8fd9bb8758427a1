"""The daemon's side of all agents: ROUTER with CURVE and ZAP."""
