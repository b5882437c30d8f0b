"""Methods: what each way of protecting counts prints, and what its published rule lets anybody conclude from that."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.rivals.table import Ints, Table

BASE = 5

# What stands for a number that isn't printed.
HIDDEN = -1

# Any key gives a comparison as good; the same one, the same comparison.
KEY = b"edi compare"


@dataclass(frozen=True)
class Printed:
    """The numbers of a table as they are printed, and between which values the rule says that each lies."""

    values: Ints
    lower: Ints
    upper: Ints


Method = Callable[[Ints, Sequence[str]], Printed]


def suppressed(values: Ints, _: Sequence[str]) -> Printed:
    """Hide 1 to 4 and print the rest as it is, margins too."""
    is_hidden = (values >= 1) & (values <= 4)
    return Printed(np.where(is_hidden, HIDDEN, values), np.where(is_hidden, 1, values), np.where(is_hidden, 4, values))


def nhs(values: Ints, _: Sequence[str]) -> Printed:
    """Hide 1 to 7, print 0 as 0, and round the rest to the nearest 5, margins too (domain.md 6.1)."""
    is_hidden, rounded = (values >= 1) & (values <= 7), nearest_five(values)
    lower = np.where(values == 0, 0, rounded - 2)
    upper = np.where(values == 0, 0, rounded + 2)
    return Printed(np.where(is_hidden, HIDDEN, rounded), np.where(is_hidden, 1, lower), np.where(is_hidden, 7, upper))


def independent(values: Ints, _: Sequence[str]) -> Printed:
    """Round every number to the nearest 5 by itself."""
    rounded = nearest_five(values)
    return Printed(rounded, np.maximum(rounded - 2, 0), rounded + 2)


def keyed(values: Ints, labels: Sequence[str]) -> Printed:
    """Round every number by itself to the multiple of 5 below or above, at random by a key, so that none is biased."""
    draws = np.array([int.from_bytes(hmac.digest(KEY, label.encode(), hashlib.sha256)[:4]) for label in labels])
    rest = values % BASE
    rounded = values - rest + np.where(draws * BASE < rest * 2**32, BASE, 0)
    return Printed(rounded, np.maximum(rounded - BASE + 1, 0), rounded + BASE - 1)


def nearest_five(values: Ints) -> Ints:
    """Return the nearest multiples of 5; of whole numbers none lies between two."""
    rounded: Ints = (values + 2) // BASE * BASE
    return rounded


def ours(table: Table, protected: Ints, base: int, bound_held: int | None, bound_other: int | None) -> Printed:
    """Return what a release prints of a table: the sums of its protected cells, and the bounds that it states.

    Args:
        table: the table.
        protected: the protected values of its variables.
        base: each cell and each slab's total is off by less than it.
        bound_held: how far a sum over a held group may be off; None where none is stated.
        bound_other: the same for every other sum.
    """
    values = table.summed(protected)
    endless = int(values.sum() + table.summed(table.truth).sum())
    held, other = (endless if bound is None else bound for bound in (bound_held, bound_other))
    off = np.where(table.sizes == 1, base - 1, np.where(table.is_held, held, other))
    return Printed(values, np.maximum(values - off, 0), values + off)
