"""The brand of a utility: its name, logo, colours and legal texts, from ``content/brand/brand.yaml``."""

from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from django.core.checks import Error, register
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gridhall.channels.web.formats import in_english
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.runtime.content import content

Language = Literal["zh-hans", "en"]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
#: The grounds on which the accent stands, as `tokens.css` has them, and the least contrast of text (WCAG 2.2, 1.4.3).
_GROUNDS: Final = {"accent": "#f4f7f7", "accent_dark": "#172120"}
_LEAST: Final = 4.5


class BrandInvalid(GridhallError):
    """The brand's file cannot be used; the place says which field."""

    code = "brand_invalid"


class Brand(BaseModel):
    """What makes a page a utility's own.

    Attributes:
        name, short_name, legal: texts by language.
        hotline: the number to call.
        accent, accent_dark: the one colour of buttons and links on light and dark ground, ``#rrggbb``.
        logo: a file beside the brand's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: dict[Language, str]
    short_name: dict[Language, str]
    hotline: Annotated[str, Field(pattern=r"^[0-9+ -]{3,20}$")]
    accent: Colour
    accent_dark: Colour
    logo: Annotated[str, Field(pattern=r"^[\w-]+\.(svg|png|webp)$")]
    legal: dict[Language, str]

    @field_validator("name", "short_name", "legal")
    @classmethod
    def _in_chinese(cls, texts: dict[Language, str]) -> dict[Language, str]:
        if "zh-hans" not in texts:
            raise ValueError("needs a text in zh-hans")
        return texts

    @field_validator("accent", "accent_dark")
    @classmethod
    def _readable(cls, colour: str, info: Any) -> str:
        found = contrast(colour, _GROUNDS[info.field_name])
        if found < _LEAST:
            raise ValueError(f"{colour} has a contrast of {found:.1f} on {_GROUNDS[info.field_name]}, needs {_LEAST}")
        return colour

    def words(self) -> dict[str, str]:
        """The texts in the language of the page."""
        language: Language = "en" if in_english() else "zh-hans"

        def said(texts: dict[Language, str]) -> str:
            return texts.get(language) or texts["zh-hans"]

        return {"name": said(self.name), "short_name": said(self.short_name), "legal": said(self.legal)}


@lru_cache(maxsize=1)
def brand() -> Brand:
    """The utility's brand.

    Raises:
        NotFound: when the content folder has none, or not its logo.
        BrandInvalid: when a field is missing, unknown or wrong.
    """
    file = content("brand", "brand.yaml")
    try:
        found = Brand.model_validate(YAML(typ="safe").load(file))
    except YAMLError as error:
        raise BrandInvalid("The file is no readable YAML.", path=str(file), remedy=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BrandInvalid(f"{first['msg']}.", path=f"{file}:{place}", remedy="See the shipped brand.yaml.") from error
    content("brand", found.logo)
    return found


def contrast(one: str, other: str) -> float:
    """The contrast of two colours ``#rrggbb``, 1 to 21 (WCAG 2.2, definition of contrast ratio).

    >>> round(contrast("#000000", "#ffffff"))
    21
    """

    def luminance(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@register("web")
def check_brand(**_: Any) -> list[Error]:
    """Say at start, not on the first page, that the brand cannot be used."""
    try:
        brand()
    except (BrandInvalid, NotFound) as error:
        return [Error(str(error), id="web.E002")]
    return []
