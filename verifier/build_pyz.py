# SPDX-License-Identifier: AGPL-3.0-or-later
"""Builds ``veche-verify.pyz``: our own code as one file, byte for byte the same on every machine
(specs/verification.md#verdict is what it runs).

Usage: ``python -m verifier.build_pyz [FILE]``. Prints the SHA-256 of the file. Libraries are not in it: it needs those
of ``requirements.txt``.
"""

import hashlib
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Final

_SHEBANG: Final = b"#!/usr/bin/env python3\n"
_MAIN: Final = (
    b"# SPDX-License-Identifier: AGPL-3.0-or-later\n"
    b"import sys\n\nfrom verifier.command import main\n\n"
    b'if __name__ == "__main__":\n    sys.exit(main())\n'
)
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100644


def build() -> bytes:
    """Return the file's bytes: members sorted, stored, with one fixed time."""
    folder = Path(__file__).resolve().parent
    members = {f"verifier/{path.name}": path.read_bytes() for path in folder.glob("*.py") if path != Path(__file__)}
    members.pop("verifier/build_pyz.py", None)
    members["__main__.py"] = _MAIN
    buffer = BytesIO()
    buffer.write(_SHEBANG)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system = _UNIX
            info.external_attr = _MODE << 16
            archive.writestr(info, members[name].replace(b"\r\n", b"\n"))
    return buffer.getvalue()


def main(arguments: list[str]) -> int:
    """Write the file and print its SHA-256."""
    target = Path(arguments[0] if arguments else "veche-verify.pyz")
    target.parent.mkdir(parents=True, exist_ok=True)
    data = build()
    target.write_bytes(data)
    sys.stdout.write(f"{hashlib.sha256(data).hexdigest()}  {target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
