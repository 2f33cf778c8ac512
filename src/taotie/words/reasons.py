"""Why did the operating system refuse, or a parser stop? The reason in the language in force.

Systems say these words in English; those that files, folders and sockets can meet are in the catalogue. A test holds
every other file to asking here.
"""

from __future__ import annotations

import errno
import os
import socket

from taotie.words.language import N_, _
from taotie.words.parser_reasons import parser_reason

__all__ = ["REASONS", "reason"]

REASONS = {
    errno.EPERM: N_("Operation not permitted"),
    errno.ENOENT: N_("No such file or directory"),
    errno.EIO: N_("Input/output error"),
    errno.ENXIO: N_("No such device or address"),
    errno.EBADF: N_("Bad file descriptor"),
    errno.EAGAIN: N_("Resource temporarily unavailable"),
    errno.ENOMEM: N_("Cannot allocate memory"),
    errno.EACCES: N_("Permission denied"),
    errno.EBUSY: N_("Device or resource busy"),
    errno.EEXIST: N_("File exists"),
    errno.EXDEV: N_("Invalid cross-device link"),
    errno.ENODEV: N_("No such device"),
    errno.ENOTDIR: N_("Not a directory"),
    errno.EISDIR: N_("Is a directory"),
    errno.EINVAL: N_("Invalid argument"),
    errno.ENFILE: N_("Too many open files in system"),
    errno.EMFILE: N_("Too many open files"),
    errno.ETXTBSY: N_("Text file busy"),
    errno.EFBIG: N_("File too large"),
    errno.ENOSPC: N_("No space left on device"),
    errno.ESPIPE: N_("Illegal seek"),
    errno.EROFS: N_("Read-only file system"),
    errno.EMLINK: N_("Too many links"),
    errno.EPIPE: N_("Broken pipe"),
    errno.ENAMETOOLONG: N_("File name too long"),
    errno.ENOTEMPTY: N_("Directory not empty"),
    errno.ELOOP: N_("Too many levels of symbolic links"),
    errno.EDQUOT: N_("Disk quota exceeded"),
    errno.ENOEXEC: N_("Exec format error"),
    errno.ESTALE: N_("Stale file handle"),
    errno.EADDRINUSE: N_("Address already in use"),
    errno.EADDRNOTAVAIL: N_("Cannot assign requested address"),
    errno.ENETUNREACH: N_("Network is unreachable"),
    errno.EHOSTUNREACH: N_("No route to host"),
    errno.ECONNREFUSED: N_("Connection refused"),
    errno.ECONNRESET: N_("Connection reset by peer"),
    errno.ECONNABORTED: N_("Software caused connection abort"),
    errno.ENOTCONN: N_("Transport endpoint is not connected"),
    errno.ETIMEDOUT: N_("Connection timed out"),
}
"""What the system says, by its number; in English as Linux writes it."""
_UNKNOWN_HOST = N_("Name or service not known")
_LATE = N_("timed out")


def reason(error: BaseException | int) -> str:
    """The system's or a parser's reason of an error, or of a number of `errno`, as a person reads it.

    Examples
    --------
    >>> reason(FileNotFoundError(2, "No such file or directory", "x"))
    'No such file or directory'
    >>> from taotie.words.language import speaking
    >>> with speaking("zh"):
    ...     print(reason(errno.EACCES))
    没有权限
    """
    if isinstance(error, int):
        return _(REASONS[error]) if error in REASONS else os.strerror(error)
    inner = getattr(error, "reason", None)  # of what went wrong with an address
    if isinstance(inner, BaseException):
        return reason(inner)
    if isinstance(error, socket.gaierror):
        return _(_UNKNOWN_HOST)
    if isinstance(error, OSError) and error.errno in REASONS:
        return _(REASONS[error.errno])
    if isinstance(error, TimeoutError):
        return _(_LATE)
    said = parser_reason(error)
    return said if said is not None else str(getattr(error, "strerror", None) or error)
