"""Paths that are a repository's own, and remotes that mix: all that exist, as they did so far."""

import uuid

import django.db.models.deletion
import django_lifecycle.mixins
import pulpcore.app.models.base
from django.db import migrations, models

from pulp_gomod.app.models.ownership import root_of

BATCH = 1000


def note_own_paths(apps, schema_editor):
    """Note the paths of all that was ever uploaded."""
    releases, paths, revisions = (
        apps.get_model("gomod", name).objects.using(schema_editor.connection.alias)
        for name in ("GoRelease", "GoOwnPath", "GoOwnRevision")
    )
    uploaded = releases.filter(source="uploaded").order_by().values_list("repository_id", "module").distinct()
    rows, repositories = [], set()
    for repository, module in uploaded.iterator(chunk_size=BATCH):
        repositories.add(repository)
        rows.append(paths.model(repository_id=repository, path=root_of(module)))
        if len(rows) == BATCH:
            paths.bulk_create(rows, ignore_conflicts=True)
            rows = []
    paths.bulk_create(rows, ignore_conflicts=True)
    revisions.bulk_create([revisions.model(repository_id=each) for each in sorted(repositories)])


def keep_mixing(apps, schema_editor):
    """Let remotes that exist serve what they served, beside what was uploaded under the same paths."""
    apps.get_model("gomod", "GoRemote").objects.using(schema_editor.connection.alias).update(mix="*")


def _fields():
    return [
        ("pulp_id", models.UUIDField(default=pulpcore.app.models.base.pulp_uuid, editable=False, primary_key=True, serialize=False)),
        ("pulp_created", models.DateTimeField(auto_now_add=True)),
        ("pulp_last_updated", models.DateTimeField(auto_now=True, null=True)),
    ]


class Migration(migrations.Migration):

    dependencies = [
        ("gomod", "0009_block"),
    ]

    operations = [
        migrations.AddField(
            model_name="goremote",
            name="mix",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.CreateModel(
            name="GoOwnRevision",
            fields=[
                *_fields(),
                ("revision", models.UUIDField(default=uuid.uuid4)),
                ("repository", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="own_revision", to="gomod.gorepository")),
            ],
            options={"abstract": False},
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="GoOwnPath",
            fields=[
                *_fields(),
                ("path", models.TextField(db_collation="C")),
                ("repository", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="own_paths", to="gomod.gorepository")),
            ],
            options={"unique_together": {("repository", "path")}},
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model),
        ),
        migrations.RunPython(keep_mixing, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(note_own_paths, migrations.RunPython.noop, elidable=True),
    ]
