"""A file written in place of another: all or nothing, with the mode and the links that it had."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Write the text (UTF-8, line ends as they are) in place of what was there, which is there until it is complete.

    The mode of an existing file is kept; a new one gets what the umask leaves. A link is followed. Raises OSError.
    """
    path = path.resolve() if path.is_symlink() else path
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    # In the same folder, so that the last step is a rename.
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except FileNotFoundError as error:
        raise FileNotFoundError(error.errno, "there is no such folder", str(path.parent)) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
