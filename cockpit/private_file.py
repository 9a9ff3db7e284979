"""Folders and files that are their owner's alone from their first moment on, whatever the umask says."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Make the folder for its owner alone, with the folders above it that are missing; close one that is open.

    Raises OSError; for a folder that others can enter and that isn't ours to close, with the words to tell.
    """
    for missing in reversed([one for one in (path, *path.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
        missing.chmod(0o700)  # the umask may have taken away from it, too
    mode = path.stat().st_mode
    if os.name == "nt" or not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return path
    try:
        if mode & stat.S_ISVTX:  # everybody's, such as /tmp
            raise PermissionError
        path.chmod(0o700)
    except PermissionError:
        words = "others can enter it, and it isn't ours to close: give the cockpit a folder of its own"
        raise PermissionError(errno.EPERM, words, str(path)) from None
    return path


def open_private(path: Path, flags: int) -> int:
    """Open the file with mode 0600, made if it isn't there; its descriptor. Raises OSError."""
    handle = os.open(path, flags | os.O_CREAT, 0o600)
    _close_to_others(handle)
    return handle


def write_private(path: Path, text: str) -> None:
    """Write the text to `path` with mode 0600, in place of what was there, all or nothing.

    Folders that are missing are made for the owner alone. Raises OSError.
    """
    path = path.resolve() if path.is_symlink() else path
    if not path.parent.exists():
        private_folder(path.parent)
    # mkstemp makes it 0600, and in the same folder so that the last step is a rename.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        _close_to_others(handle)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _close_to_others(handle: int) -> None:
    if os.name != "nt":
        os.fchmod(handle, 0o600)
