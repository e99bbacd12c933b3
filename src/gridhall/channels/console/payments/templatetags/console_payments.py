"""What templates of the pages of payments can say."""

from django import template

from gridhall.channels.console.payments import till_words, wording

register = template.Library()


@register.filter
def gateway_name(code: str) -> str:
    """The name of a gateway: ``{{ row.gateway|gateway_name }}``."""
    return wording.gateway(code)


@register.filter
def bank_reason(code: str) -> str:
    """Why a bank did not pay, with its code: ``{{ debit.reason|bank_reason }}``."""
    return f"{till_words.REASONS[code]} ({code})" if code in till_words.REASONS else code


@register.filter
def movement(kind: str) -> str:
    """Which way money went."""
    return str(wording.KINDS.get(kind, kind))


@register.filter
def entry_kind(kind: str) -> str:
    """What entries of the ledger are."""
    return str(wording.ENTRIES.get(kind, kind))


@register.filter
def case_name(kind: str) -> str:
    """What a difference is."""
    return str(wording.CASES[kind][0]) if kind in wording.CASES else kind


@register.filter
def case_advice(kind: str) -> str:
    """What to do about a difference."""
    return str(wording.CASES[kind][1]) if kind in wording.CASES else ""


@register.filter
def resolution_name(resolution: str) -> str:
    """How a difference was explained."""
    return str(wording.RESOLUTIONS.get(resolution, resolution))


@register.filter
def refusal_name(code: str) -> str:
    """Why a message was refused."""
    return str(wording.REFUSALS.get(code, code))


@register.filter
def order_state(state: str) -> str:
    """Where an order stands."""
    return str(wording.ORDERS.get(state, state))


@register.inclusion_tag("console/payments/parts/badge.html")
def state_badge(table: str, state: str) -> dict[str, str]:
    """A state as a badge: ``{% state_badge "case" case.state %}``."""
    tables = {"case": wording.STATES, "refund": wording.REFUNDS, "message": wording.OUTCOMES}
    said, tone = tables[table].get(state, (state, "info"))
    return {"said": str(said), "tone": tone}
