"""Connections never take the descriptors that the journal and the terminals need."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import resource, sys
soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from hydrad.host import descriptors
print(descriptors.for_connections(wanted), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "given", "then"),
    [
        (1_024, 4_096, 1_200, 1_200, 1_584),  # raised as far as it is needed
        (1_024, 1_024, 1_200, 640, 1_024),  # what is left
        (4_096, 4_096, 1_200, 1_200, 4_096),  # nothing to do
        (100, 100, 1_200, 1, 100),
    ],
)
def test_connections_get_what_the_limit_leaves(soft: int, hard: int, wanted: int, given: int, then: int) -> None:
    argv = [sys.executable, "-c", CODE, str(soft), str(hard), str(wanted)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(given), str(then)]
