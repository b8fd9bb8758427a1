"""The daemon's key pair, from wherever it is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hydrad.config import Config
from hydrad.host import keys
from hydrad.host.places import Places
from hydrad.host.secrets import CREDENTIALS, BadSecret, read_text


def daemon_key(places: Places, config: Config, environ: Mapping[str, str] = os.environ) -> keys.KeyPair:
    """The daemon's key pair, from wherever it is kept; raises BadSecret, and FileNotFoundError where there is none."""
    named = config.secrets.daemon_key_file
    if named:
        try:
            return keys.read_keypair(Path(named))
        except FileNotFoundError:
            raise BadSecret(f"secrets.daemon_key_file: {named} does not exist") from None
    credential = Path(environ.get(CREDENTIALS, "/nonexistent")) / places.daemon_key.name
    if credential.exists():
        return keys.parse_keypair(read_text(credential, private=False), str(credential))
    return keys.read_keypair(places.daemon_key)
