"""The core of `tests.toc`, for letters of what it writes."""

from tests.toc.conftest import make as make
