"""The admin as a Django application, with a site of our own."""

from django.contrib.admin.apps import AdminConfig


class ReferenceConfig(AdminConfig):
    """Django's admin, open to administrators of reference data only."""

    default_site = "gridhall.channels.console.reference.site.ReferenceSite"
