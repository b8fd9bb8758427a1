"""One file a noun: parse, call the client, render. No logic."""
