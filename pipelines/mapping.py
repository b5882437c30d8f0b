"""Mappings: an organisation's own words for grades and staff groups, mapped on purpose by a named person."""

from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines import contract
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
    try:
        mapping = OrganisationMapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingError(f"{path.name} isn't YAML in UTF-8; write each entry as 'name: value'") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        entry = ".".join(str(part) for part in first["loc"]) or "the whole of it"
        raise MappingError(f"{path.name}: {entry}: {first['msg']}; docs/layouts.md describes mappings") from error
    except (ValueError, RecursionError) as error:  # YAML's own: a day that no month has, a list in a list in a list
        raise MappingError(f"{path.name} has a date that doesn't exist, or entries in one another; mend it") from error
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
