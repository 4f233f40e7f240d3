"""What a test needs from outside the tree: presence in, the test goes on, or it says clearly what is missing, out.

On a developer's machine a missing part skips the test with its reason; with REQUIRE_ALL=1, as in continuous integration, it fails.
"""

from __future__ import annotations

import os
import shutil

import pytest


def require(present: object, sentence: str) -> None:
    """Go on when `present` is true; otherwise end the test with `sentence`, which says what is missing and how to get it."""
    if present:
        return
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(sentence, pytrace=False)
    # smell: skipped - the one door for parts of the machine; continuous integration fails here instead
    pytest.skip(sentence)


def require_command(name: str, package: str) -> str:
    """Return the path of a program that the machine must have, found also where only root looks."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin{os.pathsep}/sbin")
    require(found, f"{name} is missing: install the Debian package {package}")
    assert found
    return found
