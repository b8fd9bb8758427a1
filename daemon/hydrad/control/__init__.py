"""People's door: the unix socket."""
