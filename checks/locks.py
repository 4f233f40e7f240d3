"""The lock files held against pyproject.toml: both in, one sentence per gap out; no network is asked.

A lock must pin every direct requirement of its process within the asked range, hash every pin, and name no address and no machine's path.
What edge and core ship must be what was tested: their pins equal those of dev.lock.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = {"edge": ("edge",), "core": ("core",), "dev": ("edge", "core", "dev")}
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^ ;\\]+)")
_ADDRESS = re.compile(r"://|(?<![\w.])/[a-z]+/|--(?:extra-)?index-url|--find-links|@ file:")


def pins(lock: str) -> dict[str, str]:
    """Return the pinned version of each distribution named in the text of a lock."""
    found = (_PIN.match(line) for line in lock.splitlines())
    return {canonicalize_name(pin["name"]): pin["version"] for pin in found if pin}


def unhashed(lock: str) -> list[str]:
    """Return the pins of a lock that no hash follows."""
    lines = [line for line in lock.splitlines() if not line.lstrip().startswith("#")]
    following = [*lines[1:], ""]
    return [line for line, after in zip(lines, following, strict=True) if _PIN.match(line) and "--hash=" not in after]


def gaps(lock: str, wanted: list[Requirement], tested: dict[str, str]) -> list[str]:
    """Return one sentence per way in which a lock's text does not serve what is wanted of it."""
    pinned = pins(lock)
    sentences = []
    for requirement in wanted:
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None:
            sentences.append(f"{requirement.name} is not pinned")
        elif Version(version) not in requirement.specifier:
            sentences.append(f"{requirement.name} {version} is outside {requirement.specifier}")
    sentences += [f"{line.split(' ')[0]} has no hash" for line in unhashed(lock)]
    sentences += [f"names an address or path: {line.strip()}" for line in lock.splitlines() if _ADDRESS.search(line)]
    sentences += [
        f"{name} {version} ships, but {tested[name]} is what dev.lock tests"
        for name, version in pinned.items()
        if tested.get(name, version) != version
    ]
    return sentences


def main() -> int:
    """Print what is wrong with each lock and return the exit code."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locks = {path.stem: path.read_text() for path in sorted((ROOT / "requirements").glob("*.lock"))}
    tested = pins(locks.get("dev", ""))
    failed = False
    for name in ("bootstrap", *EXTRAS):
        extras = EXTRAS.get(name)
        texts = ["uv"] if extras is None else list(project["dependencies"])
        texts += [text for extra in extras or () for text in project["optional-dependencies"][extra]]
        for sentence in gaps(locks.get(name, ""), [Requirement(text) for text in texts], tested):
            print(f"requirements/{name}.lock: {sentence}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
