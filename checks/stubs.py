"""Generated code: the .proto files in, Python stubs with types out; without `--write` says which committed stubs are stale.

Run by `make proto` with `--write`, by `make check` without.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

PROTO = Path(__file__).resolve().parent.parent / "proto"
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")


def generate(sources: Path, target: Path) -> None:
    """Write the stubs of every .proto file under `sources` into `target`, at the same relative path."""
    tools = Path(sys.executable).parent
    subprocess.run(
        [
            *(sys.executable, "-m", "grpc_tools.protoc"),
            f"-I{sources}",
            f"--plugin=protoc-gen-mypy={tools / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={tools / 'protoc-gen-mypy_grpc'}",
            f"--python_out={target}",
            f"--grpc_python_out={target}",
            f"--mypy_out=quiet:{target}",
            f"--mypy_grpc_out=quiet:{target}",
            *sorted(str(path) for path in sources.rglob("*.proto")),
        ],
        check=True,
    )


def stubs(folder: Path) -> dict[str, bytes]:
    """Return the generated files under `folder` by their relative path."""
    found = (path for pattern in GENERATED for path in folder.rglob(pattern))
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(found)}


def differences(committed: dict[str, bytes], fresh: dict[str, bytes]) -> list[str]:
    """Return one sentence per stub that is missing, left over or stale."""
    sentences = [f"{name}: is missing" for name in sorted(fresh.keys() - committed.keys())]
    sentences += [f"{name}: has no .proto file any more" for name in sorted(committed.keys() - fresh.keys())]
    both = sorted(committed.keys() & fresh.keys())
    return sentences + [f"{name}: is not what its .proto file says" for name in both if committed[name] != fresh[name]]


def write(sources: Path, fresh: dict[str, bytes]) -> None:
    """Make the stubs under `sources` exactly `fresh`; files that are right already keep their time stamp."""
    committed = stubs(sources)
    for name in committed.keys() - fresh.keys():
        (sources / name).unlink()
    for name, content in fresh.items():
        if committed.get(name) != content:
            (sources / name).write_bytes(content)


def main() -> int:
    """Write or compare, and return the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(PROTO, Path(scratch))
        fresh = stubs(Path(scratch))
    stale = differences(stubs(PROTO), fresh)
    if "--write" in sys.argv[1:]:
        write(PROTO, fresh)
        print(f"{len(fresh)} stubs, {len(stale)} of them renewed")
        return 0
    for sentence in stale:
        print(f"proto/{sentence}; run `make proto`")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
