"""The weather of a place, as far as it explains how much is used."""

from django.db import models


class DailyWeather(models.Model):
    """The mean outside temperature of a day where a unit of the utility is; it holds for all units below, too.

    ``mean_centi`` is in hundredths of a degree Celsius, ``source`` who measured, or invented, it.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    mean_centi = models.SmallIntegerField()
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "day"], name="weather_of_day_once"),
            models.CheckConstraint(
                condition=models.Q(mean_centi__gte=-8000, mean_centi__lte=6000), name="weather_plausible"
            ),
            models.CheckConstraint(condition=~models.Q(source=""), name="weather_has_source"),
        ]
