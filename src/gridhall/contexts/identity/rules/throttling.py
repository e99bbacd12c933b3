"""How often something may be tried: by one person, and at one target by everybody together."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True)
class Limit:
    """At most ``count`` tries within ``window``; the next one waits until the oldest of them is out of it."""

    count: int
    window: timedelta


#: Codes sent to prove a 户号, by (person, 户号).
CODES: Final = (Limit(5, timedelta(hours=1)), Limit(5, timedelta(days=1)))
#: Guesses at the proof of a 户号, by (person, 户号): 20 of a million codes, or of some thousand likely amounts, a day.
GUESSES: Final = (Limit(10, timedelta(hours=1)), Limit(20, timedelta(days=1)))
#: How long a code is good, and how many wrong ones end it.
CODE_VALID: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5
