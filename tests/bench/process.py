"""How a bench measures: each figure is that of a process of its own."""

import multiprocessing
import os
import resource
from collections.abc import Callable
from typing import Any


def in_own_process(work: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    """Return what ``work`` measured in a new process, with its greatest memory.

    A process begins with the memory that its parent stands at: nothing large may be done in this one.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(work, arguments, sender))
    process.start()
    # Its own end only: otherwise a process that failed would be waited for without end.
    sender.close()
    measured: dict[str, Any] = receiver.recv()
    process.join()
    return measured


def _measure(work: Callable[..., dict[str, Any]], arguments: tuple[object, ...], sender: Any) -> None:
    measured = work(*arguments)
    measured["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    sender.send(measured)
    sender.close()
    os._exit(0)
