"""A part of the hall as a Django application."""

from django.apps import AppConfig


class PartConfig(AppConfig):
    """Registers this part's templates and translations."""

    name = "gridhall.channels.hall.pay"
    label = "hall_pay"
