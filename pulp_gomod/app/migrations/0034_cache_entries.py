"""What is kept of upstreams, and what waits to be added to a repository, under the names that the code has for it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gomod", "0033_licenses")]

    operations = [
        migrations.RenameModel("GoAnswer", "GoCacheEntry"),
        migrations.RenameModel("GoArrival", "GoPendingEntry"),
        migrations.RenameField("GoPendingEntry", "answer", "entry"),
        migrations.RenameIndex(
            "GoCacheEntry", new_name="gomod_gocac_expires_6f1c20_idx", old_name="gomod_goans_expires_e2d4bb_idx"
        ),
        migrations.RenameIndex(
            "GoCacheEntry", new_name="gomod_gocac_remote__819863_idx", old_name="gomod_goans_remote__37f9f4_idx"
        ),
        migrations.AlterField(
            "GoCacheEntry",
            "content",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="gomod_cache_entries",
                to="core.content",
            ),
        ),
        migrations.AlterField(
            "GoCacheEntry",
            "remote",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="cache_entries",
                to="gomod.goremote",
            ),
        ),
        migrations.AlterField(
            "GoPendingEntry",
            "entry",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pending_entries",
                to="gomod.gocacheentry",
            ),
        ),
        migrations.AlterField(
            "GoPendingEntry",
            "repository",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pending_entries",
                to="gomod.gorepository",
            ),
        ),
    ]
