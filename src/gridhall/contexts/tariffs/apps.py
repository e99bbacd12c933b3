"""The tariffs context as a Django application."""

from django.apps import AppConfig


class TariffsConfig(AppConfig):
    """Registers the models of the tariffs context."""

    name = "gridhall.contexts.tariffs"
    label = "tariffs"
    verbose_name = "电价"
    default_auto_field = "django.db.models.BigAutoField"
