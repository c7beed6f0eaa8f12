"""What every suite shares."""

from __future__ import annotations

import pytest

pytest_plugins = ("tests.postgres",)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be written anew, to be read before they are committed."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")
