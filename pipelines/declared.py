"""What people declare in YAML: layouts, mappings, waivers, sidecars, settings; what is wrong is said in a sentence."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

# The C parser reads the same ten times as fast, where the library was built with it; there are two dozen files a run.
try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

Model = TypeVar("Model", bound=BaseModel)


def read(path: Path, fault: type[ValueError] = ValueError, called: str = "") -> Any:
    """Return what a YAML file says.

    Args:
        path: the file.
        fault: the kind of error to raise.
        called: what the message calls it; otherwise its name.

    Raises:
        ValueError: it isn't YAML in UTF-8; the message names file and line.
    """
    called = called or path.name
    try:
        return parse(path.read_text(encoding="utf-8"), fault, called)
    except UnicodeDecodeError as error:
        raise fault(f"{called} isn't UTF-8 text; save it as UTF-8") from error


def parse(text: str, fault: type[ValueError], called: str) -> Any:
    """Return what YAML says.

    Args:
        text: the YAML.
        fault: the kind of error to raise.
        called: what the message calls it.

    Raises:
        ValueError: it isn't YAML; the message names the line.
    """
    try:
        return yaml.load(text, Loader=SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise fault(f"{called} isn't YAML{where}; write each entry as 'name: value'") from error
    except (ValueError, RecursionError) as error:  # YAML's own: a day that no month has, a list in a list in a list
        raise fault(f"{called} has a date that doesn't exist, or entries in one another; mend it") from error


def load(path: Path, model: type[Model], fault: type[ValueError], described: str) -> Model:
    """Return a file as the model of what may stand in it.

    Args:
        path: the file.
        model: what may stand in it.
        fault: the kind of error to raise.
        described: where its entries are described, for the message.

    Raises:
        ValueError: as ``read`` does, or an entry can't be used; the message names it, and never what it holds.
    """
    written = read(path, fault)
    try:
        return model.model_validate({} if written is None else written)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        entry = ".".join(str(part) for part in first["loc"]) or "the whole of it"
        raise fault(f"{path.name}: {entry}: {first['msg']}; {described}") from error
