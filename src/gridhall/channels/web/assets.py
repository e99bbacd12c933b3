"""Static files from npm packages: served from `node_modules`, each named here, no bundler in between."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage
from django.utils.safestring import SafeString, mark_safe

#: Name below ``/static/npm/`` → file of a package.
FILES: Final[dict[str, str]] = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "alpine.js": "@alpinejs/csp/dist/cdn.min.js",
    "echarts.js": "echarts/dist/echarts.min.js",
    # The build that needs neither blobs nor inline scripts: its worker is a file of its own.
    "maplibre.js": "maplibre-gl/dist/maplibre-gl-csp.js",
    "maplibre-worker.js": "maplibre-gl/dist/maplibre-gl-csp-worker.js",
    "maplibre.css": "maplibre-gl/dist/maplibre-gl.css",
    "ace/ace.js": "ace-builds/src-min-noconflict/ace.js",
    "ace/ext-language_tools.js": "ace-builds/src-min-noconflict/ext-language_tools.js",
    "ace/mode-yaml.js": "ace-builds/src-min-noconflict/mode-yaml.js",
    "ace/theme-github_light_default.js": "ace-builds/src-min-noconflict/theme-github_light_default.js",
    "ace/theme-github_dark.js": "ace-builds/src-min-noconflict/theme-github_dark.js",
    "ace/ace.css": "ace-builds/css/ace.css",
    "ace/theme/github_light_default.css": "ace-builds/css/theme/github_light_default.css",
    "ace/theme/github_dark.css": "ace-builds/css/theme/github_dark.css",
    # The pictures that those style sheets name.
    **{
        f"ace/{name}": f"ace-builds/css/{name}"
        for name in (
            *(f"main-{n}.{'svg' if n in {*range(5, 13), 25} else 'png'}" for n in range(1, 27)),
            *(f"{theme}-{n}.png" for theme in ("github_light_default", "github_dark") for n in (1, 2)),
        )
    },
}
_PREFIX: Final = "npm/"
_REFERENCE: Final = re.compile(r"/[/*]# sourceMappingURL=[^\n]*")


def node_modules() -> Path:
    """Where the packages of ``package-lock.json`` were installed: ``GRIDHALL_NODE_MODULES``, or the repository's."""
    named = os.environ.get("GRIDHALL_NODE_MODULES")
    return Path(named) if named else Path(__file__).resolve().parents[4] / "node_modules"


class NpmFinder(BaseFinder):
    """Lets Django find the files of `FILES`."""

    def __init__(self, *_: Any, **__: Any) -> None:
        from django.conf import settings

        self.root = Path(settings.NODE_MODULES)
        self.storage = _Renamed(self.root)

    def check(self, **_: Any) -> list[Any]:
        """Say before the first request which packages are missing."""
        from django.core.checks import Error

        missing = sorted(file for file in FILES.values() if not (self.root / file).is_file())
        hint = "Run `make setup`, or `npm ci`, and see that GRIDHALL_NODE_MODULES names the folder."
        return [Error(f"Not installed from npm: {', '.join(missing)}", hint=hint, id="web.E001")] if missing else []

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        """The file behind a static path, or nothing."""
        file = FILES.get(path.removeprefix(_PREFIX)) if path.startswith(_PREFIX) else None
        found = str(self.root / file) if file and (self.root / file).is_file() else None
        if find_all:
            return [found] if found else []
        return found or []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Every file, for collecting."""
        for name in FILES:
            yield _PREFIX + name, self.storage


class _Renamed(FileSystemStorage):
    """Opens a package's file under its static name, without the reference to a source map that is not served."""

    prefix = None

    def __init__(self, root: Path) -> None:
        super().__init__(location=root)

    def path(self, name: str) -> str:
        return super().path(FILES.get(name.removeprefix(_PREFIX), name))

    def _open(self, name: str, mode: str = "rb") -> Any:
        from django.core.files.base import ContentFile, File

        file = Path(self.path(name))
        if file.suffix not in {".css", ".js"}:
            return File(file.open("rb"), name=name)
        return ContentFile(_REFERENCE.sub("", file.read_text(encoding="utf-8")).encode(), name=name)


@lru_cache(maxsize=256)
def icon(name: str, *, filled: bool = False) -> SafeString:
    """The drawing of an icon of Tabler's set, as an element to stand in a page; hidden from screen readers.

    Raises:
        FileNotFoundError: there is no icon of this name.
    """
    from django.conf import settings

    folder = "filled" if filled else "outline"
    text = (Path(settings.NODE_MODULES) / "@tabler/icons/icons" / folder / f"{name}.svg").read_text(encoding="utf-8")
    drawing = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    paint = 'fill="currentColor"' if filled else 'fill="none" stroke="currentColor" stroke-width="1.75"'
    return mark_safe(
        f'<svg class="icon" width="24" height="24" viewBox="0 0 24 24" {paint} stroke-linecap="round"'
        f' stroke-linejoin="round" aria-hidden="true">{" ".join(drawing.split())}</svg>'
    )


def versions() -> dict[str, str]:
    """The installed version of each package that pages use."""
    from django.conf import settings

    packages = {"/".join(file.split("/")[: 2 if file.startswith("@") else 1]) for file in FILES.values()}
    read = {name: (Path(settings.NODE_MODULES) / name / "package.json").read_text("utf-8") for name in sorted(packages)}
    return {name: json.loads(text)["version"] for name, text in read.items()}
