"""The metering context as a Django application."""

from django.apps import AppConfig


class MeteringConfig(AppConfig):
    """Registers the models of the metering context."""

    name = "gridhall.contexts.metering"
    label = "metering"
    default_auto_field = "django.db.models.BigAutoField"
