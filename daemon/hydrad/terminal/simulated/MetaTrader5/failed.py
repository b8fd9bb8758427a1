"""Owns the one exception inside the package: a call that answers by `last_error`."""

from __future__ import annotations


class Failed(Exception):
    """A code and its text; no caller of the package ever sees it."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
