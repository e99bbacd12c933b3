"""The shared look as a Django application."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the templates, static files and translations that every page needs."""

    name = "gridhall.channels.web"
    label = "web"
