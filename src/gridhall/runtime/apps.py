"""The runtime as a Django application: it owns the audit trail's table."""

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    """Registers the models of the runtime."""

    name = "gridhall.runtime"
    label = "runtime"
    verbose_name = "审计"
    default_auto_field = "django.db.models.BigAutoField"
