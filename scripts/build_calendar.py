"""Write ``content/rules/calendar.yaml`` from the `holidays` package: ``python scripts/build_calendar.py``.

The package follows the State Council's yearly notices. A year whose notice it does not know yet is marked provisional:
the days that the law names are there, bridge days and make-up workdays are not.
"""

import re
from datetime import date
from pathlib import Path

import holidays

FIRST, LAST = 2012, 2027
TARGET = Path(__file__).resolve().parent.parent / "content" / "rules" / "calendar.yaml"
BRIDGE = re.compile("调休")
HEAD = """\
# Business calendar: which days are worked. Written by scripts/build_calendar.py, to be edited by the utility.
#
# years       one entry per year; a year that is missing is an error where it is asked for, never "no holidays".
#   holidays         days that the law names as holidays, with their substitutes (补假)
#   bridge_days      further days off, for which
#   makeup_workdays  a Saturday or Sunday is worked (调休)
#   provisional      the year's notice is not known: bridge days and make-up workdays are missing
# utility     this utility's own days, which win over the years, for example
#               days_off: {2026-06-22: 公司纪念日}
#               workdays: [2026-10-04]
"""


def main() -> None:
    """Write the file."""
    lines = [
        HEAD,
        f"source: the Python package holidays {holidays.__version__}, which follows the yearly notices of the",
    ]
    lines.append("  General Office of the State Council on holiday arrangements\n")
    lines.append("years:")
    for year in range(FIRST, LAST + 1):
        known = holidays.country_holidays("CN", years=year, language="zh_CN")
        days = {day: name for day, name in sorted(known.items()) if day.year == year}
        bridges = [day for day, name in days.items() if BRIDGE.search(name)]
        makeup = sorted(day for day in known.weekend_workdays if day.year == year)
        lines.append(f"  {year}:")
        if not makeup:
            lines.append("    provisional: true")
        lines.append("    holidays:")
        lines += [f"      {day}: {name}" for day, name in days.items() if day not in bridges]
        lines.append(f"    bridge_days: [{_days(bridges)}]")
        lines.append(f"    makeup_workdays: [{_days(makeup)}]")
    lines.append("\nutility: {}\n")
    TARGET.write_text("\n".join(lines), encoding="utf-8")


def _days(days: list[date]) -> str:
    return ", ".join(day.isoformat() for day in days)


if __name__ == "__main__":
    main()
