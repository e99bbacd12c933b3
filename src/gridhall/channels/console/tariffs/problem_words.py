"""What each problem of a tariff document says on a page, by its stable code; the place is shown beside it."""

import re
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gridhall.channels.web.formats import in_english
from gridhall.channels.web.words import Words
from gridhall.contexts.tariffs.types import DraftProblem

_Said = str | Promise
_MEANT: Final = re.compile(r"Did you mean '([^']+)'\?")

PROBLEMS: Final[dict[str, tuple[_Said, _Said]]] = {
    "empty_file": (gettext_lazy("The document is empty."), gettext_lazy("Begin with the published document.")),
    "draft_too_long": (gettext_lazy("The document is too long for a tariff."), gettext_lazy("Shorten it.")),
    "bad_yaml": (gettext_lazy("This is not well-formed YAML."), gettext_lazy("Check indents, colons and brackets.")),
    "yaml_alias": (gettext_lazy("Anchors and aliases are not allowed."), gettext_lazy("Write the value out.")),
    "yaml_too_large": (gettext_lazy("Too large or too deeply nested."), gettext_lazy("Simplify it.")),
    "duplicate_key": (gettext_lazy("This key occurs twice."), gettext_lazy("Take one of them out.")),
    "not_a_tariff": (gettext_lazy("This is no tariff document."), gettext_lazy("Begin with: tariff, name, versions.")),
    "missing_key": (gettext_lazy("This key is missing."), gettext_lazy("Add it.")),
    "unknown_key": (gettext_lazy("There is no such key here."), gettext_lazy("Take it out, or choose another.")),
    "unknown_component": (gettext_lazy("There is no such type."), gettext_lazy("Choose one from the list.")),
    "missing_price": (gettext_lazy("A price is missing."), gettext_lazy("Add it.")),
    "price_without_source": (
        gettext_lazy("The price has no source."),
        gettext_lazy("Name the ruling that it comes from, here or for the whole version."),
    ),
    "bad_source": (gettext_lazy("The source is written wrongly."), gettext_lazy("One text, or zh-Hans and en.")),
    "not_a_number": (gettext_lazy("A number is expected."), gettext_lazy("Digits with a point, no quotes.")),
    "number_out_of_range": (gettext_lazy("The number is out of range."), gettext_lazy("Check it.")),
    "too_many_decimals": (gettext_lazy("Too many decimals."), gettext_lazy("At most nine.")),
    "not_a_text": (gettext_lazy("A text is expected."), gettext_lazy("Put it in quotes.")),
    "not_a_mapping": (gettext_lazy("Keys with values are expected here."), gettext_lazy("Write key: value.")),
    "not_a_list": (gettext_lazy("A list is expected here."), gettext_lazy("Begin each item with a dash.")),
    "not_true_or_false": (gettext_lazy("Expected: true or false."), gettext_lazy("Write one of the two.")),
    "bad_length": (gettext_lazy("Too short or too long."), gettext_lazy("Check the length.")),
    "bad_value": (gettext_lazy("This value is not allowed here."), gettext_lazy("Choose one from the list.")),
    "bad_code": (
        gettext_lazy("This is no code."),
        gettext_lazy("Small letters, digits, - and _, beginning with a letter or digit."),
    ),
    "bad_date": (gettext_lazy("This is no day."), gettext_lazy("Write it as YYYY-MM-DD.")),
    "bad_clock_time": (gettext_lazy("This is no time of day."), gettext_lazy("Write it as 06:00-22:00.")),
    "bad_season": (gettext_lazy("The season is incomplete."), gettext_lazy("Either months, or first and last.")),
    "dates_out_of_order": (gettext_lazy("The end is not after the start."), gettext_lazy("Check both days.")),
    "versions_overlap": (gettext_lazy("Versions overlap."), gettext_lazy("Let one end where the next starts.")),
    "duplicate_version": (gettext_lazy("This version occurs twice."), gettext_lazy("Give it another name.")),
    "duplicate_code": (gettext_lazy("This code occurs twice."), gettext_lazy("Give it another code.")),
    "contradiction": (gettext_lazy("These two do not go together."), gettext_lazy("Take one of them out.")),
    "unknown_zone": (gettext_lazy("There is no such time zone."), gettext_lazy("Write it like Asia/Shanghai.")),
    "unknown_season": (gettext_lazy("There is no such season."), gettext_lazy("Define it under seasons.")),
    "unknown_period": (gettext_lazy("There is no such period."), gettext_lazy("Define it under periods.")),
    "unknown_time_of_use": (gettext_lazy("There is no such division of the day."), gettext_lazy("Define it first.")),
    "unknown_component_code": (gettext_lazy("There is no component of this code."), gettext_lazy("Check the code.")),
    "unused_period": (gettext_lazy("This period has no hours."), gettext_lazy("Give it hours, or take it out.")),
    "gap_in_day": (gettext_lazy("Some hours belong to no period."), gettext_lazy("Cover the whole day.")),
    "gap_in_year": (gettext_lazy("Some days have no hours."), gettext_lazy("Cover the whole year.")),
    "overlapping_periods": (gettext_lazy("Two periods claim the same hours."), gettext_lazy("Part them.")),
    "overlapping_schedules": (gettext_lazy("Two schedules claim the same days."), gettext_lazy("Part them.")),
    "last_tier_not_open": (gettext_lazy("The last tier must have no limit."), gettext_lazy("Take up_to out.")),
    "tier_without_limit": (gettext_lazy("This tier lacks its limit."), gettext_lazy("Add up_to.")),
    "tiers_out_of_order": (gettext_lazy("The limits of the tiers do not rise."), gettext_lazy("Put them in order.")),
    "published_version_missing": (
        gettext_lazy("A published version is missing."),
        gettext_lazy("Put it back as it was, and add a new version for the change."),
    ),
    "published_version_changed": (
        gettext_lazy("A published version says something else here."),
        gettext_lazy("Put it back as it was, and add a new version for the change."),
    ),
    "nothing_new": (gettext_lazy("There is no new version."), gettext_lazy("Add a version with the new prices.")),
    "starts_in_the_past": (
        gettext_lazy("The new version starts in the past."),
        gettext_lazy("Bills of those days stay as they are until they are corrected."),
    ),
}


def of_problem(problem: DraftProblem) -> Words:
    """A problem in the reader's language; the house's own English names the values, too."""
    if in_english() or problem.code not in PROBLEMS:
        return Words(problem.message, problem.remedy)
    what, remedy = PROBLEMS[problem.code]
    meant = _MEANT.search(problem.remedy)
    return Words(str(what), _("Did you mean %(key)s?") % {"key": meant[1]} if meant else str(remedy))
