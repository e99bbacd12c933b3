"""The identity context as a Django application."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Registers the models of the identity context."""

    name = "gridhall.contexts.identity"
    label = "identity"
    verbose_name = "身份与权限"
    default_auto_field = "django.db.models.BigAutoField"
