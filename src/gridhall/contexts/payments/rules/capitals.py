"""Amounts in Chinese capital numerals, as receipts carry them."""

from typing import Final

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿")


def capitals(amount_fen: int) -> str:
    """An amount in capital numerals.

    Source: 《支付结算办法》附一《正确填写票据和结算凭证的基本规定》 (People's Bank of China, 1997), rules 1 to 5.

    >>> capitals(140950), capitals(600714), capitals(1640902)
    ('壹仟肆佰零玖元伍角整', '陆仟零柒元壹角肆分', '壹万陆仟肆佰零玖元零贰分')
    >>> capitals(10_000_000), capitals(5), capitals(100_000_001)
    ('壹拾万元整', '伍分', '壹佰万元零壹分')
    """
    yuan, rest = divmod(amount_fen, 100)
    jiao, fen = divmod(rest, 10)
    said = f"{_whole(yuan)}元" if yuan else ""
    if not rest:
        return f"{said or '零元'}整"
    if jiao:
        said += f"{_DIGITS[jiao]}角"
    elif yuan:
        said += "零"
    return said + (f"{_DIGITS[fen]}分" if fen else "整")


def _whole(number: int) -> str:
    said, gap = "", False
    for at in reversed(range(len(_GROUPS))):
        group = number // 10 ** (4 * at) % 10_000
        if not group:
            gap = bool(said)
            continue
        if said and (gap or group < 1000):
            said += "零"
        said += _group(group) + _GROUPS[at]
        gap = False
    return said


def _group(group: int) -> str:
    said, gap = "", False
    for at in reversed(range(len(_PLACES))):
        digit = group // 10**at % 10
        if digit:
            said += ("零" if gap and said else "") + _DIGITS[digit] + _PLACES[at]
            gap = False
        else:
            gap = True
    return said
