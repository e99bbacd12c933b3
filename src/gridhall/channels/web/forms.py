"""How forms look: Tabler's classes on Django's widgets, errors beside the field they belong to."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Renders forms and fields by templates of this application."""

    form_template_name = "web/forms/form.html"
    field_template_name = "web/forms/field.html"
