"""Heads of checksum databases that clients may know by lookups: bundles prove their own to continue them."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gomod", "0036_found_by")]

    operations = [
        migrations.AddField(
            "GoSumdbTree",
            "passed",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
        migrations.AddField(
            "GoBundleHead",
            "older",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
    ]
