"""What a home is called by somebody who gave it no name."""

import re
from typing import Final

#: Province, city and county in front; a house number with its counting word.
_REGION: Final = re.compile(r"^(?:.{1,8}?(?:省|自治区))?(?:.{1,8}?市)?(?:.{1,6}?[区县])?")
_HOUSE: Final = re.compile(r"\s*\d+\s*(?:号楼|号|幢|栋|座|单元|层|楼|室|-)?\s*")
_LONGEST: Final = 12


def short_name(address: str, number: str) -> str:
    """A name that tells homes apart and says no house number: the end of the address, and of the 户号.

    >>> short_name("澜川省云泽市望湖区望湖路61号锦绣苑2幢1101室", "3100000002")
    '望湖路锦绣苑 0002'
    >>> short_name("澜川省云泽市望湖区望湖路5号底商3号", "3100000005"), short_name("", "1002")
    ('望湖路底商 0005', '1002')
    >>> short_name("市政路 1 号", "1001"), short_name("福华路 1 号", "1001")
    ('市政路 1001', '福华路 1001')
    """
    street = _HOUSE.sub("", _REGION.sub("", address)).strip()[:_LONGEST]
    return f"{street} {number[-4:]}" if street else number
