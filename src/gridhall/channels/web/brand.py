"""The brand of a utility: its name, logo, colours and legal texts, from ``content/brand/brand.yaml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from ruamel.yaml import YAML

from gridhall.runtime.content import content


@dataclass(frozen=True)
class Brand:
    """What makes a page a utility's own; texts are by language, ``zh-hans`` and ``en``."""

    name: Mapping[str, str]
    short_name: Mapping[str, str]
    hotline: str
    accent: str
    accent_dark: str
    logo: str
    legal: Mapping[str, str]

    def words(self) -> dict[str, str]:
        """The texts in the language of the page."""
        language = get_language() or "zh-hans"

        def said(by_language: Mapping[str, str]) -> str:
            return by_language.get(language) or by_language["zh-hans"]

        return {"name": said(self.name), "short_name": said(self.short_name), "legal": said(self.legal)}


@lru_cache(maxsize=1)
def brand() -> Brand:
    """The utility's brand.

    Raises:
        NotFound: when the content folder has none.
    """
    found: dict[str, Any] = YAML(typ="safe").load(content("brand", "brand.yaml"))
    return Brand(**{key: found[key] for key in Brand.__annotations__})
