"""What went wrong, as a sentence: for the command line and for the server alike, no traceback and no cell's value."""

import errno
import os

import duckdb

from pipelines import disk

# How DuckDB says that the disk is full: in the system's words.
FULL = (os.strerror(errno.ENOSPC), "There is not enough space on the disk")

# DuckDB's word for a signal that came during a query.
INTERRUPTED = "Query interrupted"

# What ends in a sentence; anything else is a fault of the program.
EXPECTED = (ValueError, OSError, RuntimeError, duckdb.Error)


def is_interruption(error: BaseException) -> bool:
    """Tell whether a query ended because a signal came, or somebody stopped it."""
    return isinstance(error, duckdb.InterruptException) or str(error) == INTERRUPTED


def sentences(error: Exception) -> list[str]:
    """Return what went wrong, and what else the road has to say of it: what it couldn't remove."""
    return [sentence(error), *getattr(error, "__notes__", ())]


def sentence(error: Exception) -> str:
    """Say what went wrong and what to do; a library's own words could hold a cell's value, and aren't repeated."""
    if is_interruption(error):
        return "it was stopped while at work; nothing half done is left: run again"
    is_full = disk.is_full(error) if isinstance(error, OSError) else any(words in str(error) for words in FULL)
    if is_full and isinstance(error, (OSError, duckdb.Error)):
        return "the disk is full; make room and run again: nothing half done is left"
    if isinstance(error, OSError):
        return _unusable(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return "the memory or the disk's space is used up; make room, or run on a larger machine"
    if isinstance(error, duckdb.Error):
        return f"the database stopped ({type(error).__name__}); run again, and if it stays, report this fault"
    return str(error)


def _unusable(error: OSError) -> str:
    reason = (error.strerror or type(error).__name__).lower()
    if error.errno == errno.ENAMETOOLONG:
        return f"{error.filename or 'a path'} is too long a path; put the data folder higher up (docs/folders.md)"
    return (
        f"{error.filename or 'a file'} can't be used: {reason}; look at its permissions and at the disk's space, "
        "and whether another program has it open"
    )
