"""The billing context as a Django application."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Registers the models of the billing context."""

    name = "gridhall.contexts.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"
