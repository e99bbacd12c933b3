"""A part of the console as a Django application."""

from django.apps import AppConfig


class PartConfig(AppConfig):
    """Registers this part's templates and translations."""

    name = "gridhall.channels.console.ways"
    label = "console_ways"
