"""The shape of a table of verbs: the role that each needs, and what carries it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain.actors import Role
from hydrad.toc.inputs import Requested
from hydrad.toc.turn import Turn
from hydrad.wire.calls.base import Verb

Handler = Callable[[Turn, Requested, Any], None]
Table = dict[type[Verb], tuple[Role, Handler]]
