"""Mappings: an organisation's own words for grades and staff groups, mapped on purpose by a named person."""

from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pipelines import contract, declared
from pipelines.layout import Text, allowed_choices, folded
from pipelines.places import DataFolder


class MappingError(ValueError):
    """A mapping file that can't be used; the message says which file, which entry and what to write instead."""


class OrganisationMapping(BaseModel):
    """What one organisation's own words mean, who says so, and since when; docs/layouts.md describes the file.

    ``columns``: contract column → the organisation's word → our code.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    organisation: str
    owner: str
    date: date
    columns: dict[str, dict[Text, Text]]


def load_all(folder: DataFolder) -> list[OrganisationMapping]:
    """Read the data folder's mappings, in the order of their file names.

    Raises:
        MappingError: a file isn't a mapping, or two of them map one organisation's word.
    """
    mappings: list[OrganisationMapping] = []
    seen: dict[tuple[str, str, str], str] = {}
    for path in folder.mappings():
        mapping = _load(path)
        for name, words in mapping.columns.items():
            for word in words:
                key = (mapping.organisation, name, folded(word))
                if key in seen:
                    who = f"{path.name} maps" if seen[key] == path.name else f"{path.name} and {seen[key]} both map"
                    raise MappingError(f"{who} '{word}' of {mapping.organisation}; keep one entry for it")
                seen[key] = path.name
        mappings.append(mapping)
    return mappings


def _load(path: Path) -> OrganisationMapping:
    mapping = declared.load(path, OrganisationMapping, MappingError, "docs/layouts.md describes mappings")
    columns = contract.load("staff").columns
    for name, words in mapping.columns.items():
        if name not in columns or columns[name].type != "choice":
            choices = ", ".join(key for key, column in columns.items() if column.type == "choice")
            raise MappingError(f"{path.name}: columns.{name}: only {choices} can be mapped")
        allowed = allowed_choices(columns[name])
        unknown = sorted(set(words.values()) - set(allowed))
        if unknown:
            raise MappingError(f"{path.name}: columns.{name}: there is no '{unknown[0]}', only {', '.join(allowed)}")
    return mapping
