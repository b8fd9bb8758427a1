"""People's side of the daemon: the unix socket that the shell and the TUI speak to."""
