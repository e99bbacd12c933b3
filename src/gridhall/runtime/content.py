"""Where the files that a utility edits live: tariffs, rules, templates, the demo pack."""

import os
from functools import cache
from pathlib import Path

from gridhall.kernel.errors import NotFound


def content(*parts: str) -> Path:
    """Give the path of a file or folder of the content tree.

    ``GRIDHALL_CONTENT`` names a utility's own tree; without it the one shipped with the software is used: the
    repository's ``content/``, or its copy inside an installed package.

    Raises:
        NotFound: there is no such file, with the tree that was searched.
    """
    path = _root().joinpath(*parts)
    if not path.exists():
        raise NotFound(
            f"there is no {'/'.join(parts)} in the content folder.",
            path=str(path),
            remedy="Set GRIDHALL_CONTENT to the folder that holds tariffs/, rules/ and the rest.",
        )
    return path


def _root() -> Path:
    own = os.environ.get("GRIDHALL_CONTENT")
    return Path(own) if own else _shipped()


@cache
def _shipped() -> Path:
    package = Path(__file__).resolve().parents[1]
    shipped = package / "_content"
    return shipped if shipped.is_dir() else package.parents[1] / "content"
