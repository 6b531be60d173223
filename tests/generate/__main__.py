# SPDX-License-Identifier: AGPL-3.0-or-later
"""Write the vector files: `python -m tests.generate`."""

from __future__ import annotations

from tests.generate.files import VECTORS, render_all


def main() -> None:
    """Write every file."""
    VECTORS.mkdir(parents=True, exist_ok=True)
    for name, data in render_all().items():
        (VECTORS / name).write_bytes(data)
        print(f"{len(data):>8}  {name}")


if __name__ == "__main__":
    main()
