"""The accounts context as a Django application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the models of the accounts context."""

    name = "gridhall.contexts.accounts"
    label = "accounts"
    verbose_name = "单位与电网"
    default_auto_field = "django.db.models.BigAutoField"
