"""The key that decides which way each count is rounded: a secret of the data folder, kept outside releases."""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines import ledger
from pipelines.disk import write_whole
from pipelines.places import DataFolder

NAME = "disclosure.key"

# Of invented people: whoever makes the sample gets the same bytes, and there is nobody to protect.
SAMPLE = b"Workforce EDI: the key of invented people, which everybody knows"

PATTERN = re.compile(r"[0-9a-f]{64}")


class DisclosureKeyError(ValueError):
    """The key isn't there, or isn't the one that earlier releases were protected with."""


@dataclass(frozen=True)
class Key:
    """A key, and what it is called in public: a name doesn't lead back to its key."""

    secret: bytes

    @property
    def identifier(self) -> str:
        """Twelve hex digits."""
        return hmac.digest(self.secret, b"identifier", "sha256").hex()[:12]


def key(folder: DataFolder, *, is_synthetic: bool) -> Key:
    """Return the key of a data folder; make one where there is none yet and no release was made with one.

    Invented people are protected with a key that everybody knows, unless the folder has its own.

    Args:
        folder: the data folder.
        is_synthetic: whether all of what is protected is made up.

    Raises:
        DisclosureKeyError: the key's file holds none, or is missing or another one although releases were made with it.
    """
    path = folder.root / NAME
    used = _used(ledger.read(folder.ledger))
    if path.is_file():
        found = _read(path)
        if used - {found.identifier}:
            raise DisclosureKeyError(
                f"{path} is key {found.identifier}, and releases here were made with key {', '.join(sorted(used))}; "
                "put that one back: another key rounds anew what is published, and the two together give people away"
            )
        return found
    if used:
        raise DisclosureKeyError(
            f"{path} is missing, and releases here were made with key {', '.join(sorted(used))}; put it back from a "
            "backup: without it no release can be made that may be shown beside those (docs/disclosure.md)"
        )
    if is_synthetic:
        return Key(SAMPLE)
    write_whole(path, secrets.token_hex(32) + "\n", is_secret=True)
    return _read(path)


def existing(folder: DataFolder) -> Key:
    """Return the key of a data folder that is there; without one, that of invented people.

    Raises:
        DisclosureKeyError: the key's file holds none.
    """
    path = folder.root / NAME
    return _read(path) if path.is_file() else Key(SAMPLE)


def _used(entries: Iterable[ledger.Entry]) -> set[str]:
    """Return the names of the keys that releases were made with, but for the one that everybody knows."""
    named = {entry.get("disclosure_key") for entry in entries if entry["event"] == "released"}
    return {str(name) for name in named if name} - {Key(SAMPLE).identifier}


def _read(path: Path) -> Key:
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    if not PATTERN.fullmatch(text):
        raise DisclosureKeyError(
            f"{path} holds no key, which is 64 hex digits on one line; put the right one back from a backup, or, if "
            "nothing was ever released from this folder, remove it and run again"
        )
    return Key(bytes.fromhex(text))
