import uuid

import django.db.models.deletion
import django_lifecycle.mixins
import pulpcore.app.models.base
import pulpcore.app.util
from django.db import migrations, models


def _fields():
    return [
        ("pulp_id", models.UUIDField(default=pulpcore.app.models.base.pulp_uuid, editable=False, primary_key=True, serialize=False)),
        ("pulp_created", models.DateTimeField(auto_now_add=True)),
        ("pulp_last_updated", models.DateTimeField(auto_now=True, null=True)),
    ]


def _tree(related_name):
    return ("tree", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=related_name, to="gomod.gosumdbtree"))


class Migration(migrations.Migration):

    dependencies = [
        ("gomod", "0013_awaited_zips"),
    ]

    operations = [
        migrations.CreateModel(
            name="GoSumdbTree",
            fields=[
                *_fields(),
                ("name", models.TextField(db_collation="C")),
                ("verifier_key", models.TextField(db_collation="C")),
                ("head", models.BinaryField()),
                ("size", models.BigIntegerField()),
                ("head_seen", models.DateTimeField()),
                ("pulp_domain", models.ForeignKey(default=pulpcore.app.util.get_domain_pk, on_delete=django.db.models.deletion.CASCADE, related_name="gomod_sumdb_trees", to="core.domain")),
            ],
            options={"unique_together": {("pulp_domain", "verifier_key")}},
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="GoSumdbTile",
            fields=[
                *_fields(),
                ("level", models.SmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("width", models.SmallIntegerField()),
                ("hashes", models.BinaryField()),
                _tree("tiles"),
            ],
            options={"unique_together": {("tree", "level", "number")}},
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="GoSumdbRecord",
            fields=[
                *_fields(),
                ("number", models.BigIntegerField()),
                ("module", models.TextField(db_collation="C")),
                ("version", models.TextField(db_collation="C")),
                ("text", models.TextField()),
                _tree("records"),
            ],
            options={
                "unique_together": {("tree", "module", "version")},
                "indexes": [models.Index(fields=["tree", "number"], name="gomod_sumdb_numbers")],
            },
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model),
        ),
    ]
