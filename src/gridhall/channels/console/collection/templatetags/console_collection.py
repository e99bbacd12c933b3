"""What templates of the pages of collection can say."""

from django import template

from gridhall.channels.console.collection import wording

register = template.Library()


@register.filter
def step_name(kind: str) -> str:
    """What is done about arrears."""
    return str(wording.STEPS.get(kind, kind))


@register.filter
def result_name(result: str) -> str:
    """What came of a step."""
    return str(wording.RESULTS.get(result, result))


@register.filter
def word_name(state: str) -> str:
    """Whether a promise or plan was kept."""
    return str(wording.STATES[state][0]) if state in wording.STATES else state


@register.filter
def word_tone(state: str) -> str:
    """The tone of its badge."""
    return wording.STATES[state][1] if state in wording.STATES else "info"
