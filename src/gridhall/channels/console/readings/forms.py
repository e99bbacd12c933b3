"""What is asked for when readings are uploaded."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from gridhall.channels.web import formats
from gridhall.lake.needs import Channel

#: Larger files are for the command line, which does not send them over the network first.
MOST_BYTES = 2 * 1024**3


class FileForm(forms.Form):
    """A file of readings."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        max_length=255,
        help_text=_("CSV, also packed as .gz or .zip; Parquet; Green Button XML. Up to 2 GB."),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """Refuse what is too large to be meant."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            size = formats.number(round((file.size or 0) / 1024**3, 1))
            raise forms.ValidationError(_("The file has %(size)s GB; 2 GB are accepted."), params={"size": size})
        return file


class UploadForm(FileForm):
    """A file of readings, and what it does not tell of itself."""

    channel = forms.ChoiceField(
        label=_("What was measured"),
        choices=[
            (Channel.IMPORT.value, pgettext_lazy("energy", "Energy drawn")),
            (Channel.EXPORT.value, pgettext_lazy("energy", "Energy fed in")),
            (Channel.REACTIVE.value, _("Reactive energy")),
            (Channel.REACTIVE_EXPORT.value, _("Reactive energy fed in")),
        ],
        initial=Channel.IMPORT.value,
    )
    zone = forms.CharField(label=_("Time zone of the file"), max_length=60)
    unit = forms.ChoiceField(
        label=_("Unit of the values"),
        required=False,
        choices=[("", _("As the head of the file says")), ("kwh", "kWh"), ("wh", "Wh"), ("mwh", "MWh")],
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["zone"].initial = settings.TIME_ZONE

    def clean_zone(self) -> str:
        """Refuse zones that do not exist."""
        zone = str(self.cleaned_data["zone"]).strip()
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise forms.ValidationError(_("There is no such time zone. Write it as Asia/Shanghai.")) from error
        return zone
