"""The payments context as a Django application."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Registers the models of the payments context."""

    name = "gridhall.contexts.payments"
    label = "payments"
    verbose_name = "收费"
    default_auto_field = "django.db.models.BigAutoField"
