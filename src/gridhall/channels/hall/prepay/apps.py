"""A part of the hall as a Django application."""

from django.apps import AppConfig


class PartConfig(AppConfig):
    """Registers this part's templates and translations."""

    name = "gridhall.channels.hall.prepay"
    label = "hall_prepay"
