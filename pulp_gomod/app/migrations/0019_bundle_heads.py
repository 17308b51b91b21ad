import django.db.models.deletion
import django_lifecycle.mixins
import pulpcore.app.models.base
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("gomod", "0018_imported_blocks"),
    ]

    operations = [
        migrations.CreateModel(
            name="GoBundleHead",
            fields=[
                ("pulp_id", models.UUIDField(default=pulpcore.app.models.base.pulp_uuid, editable=False, primary_key=True, serialize=False)),
                ("pulp_created", models.DateTimeField(auto_now_add=True)),
                ("pulp_last_updated", models.DateTimeField(auto_now=True, null=True)),
                ("number", models.PositiveIntegerField()),
                ("head", models.BinaryField()),
                ("size", models.BigIntegerField()),
                ("repository", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="bundle_heads", to="gomod.gorepository")),
                ("tree", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="bundle_heads", to="gomod.gosumdbtree")),
            ],
            options={"unique_together": {("repository", "number", "tree", "size")}},
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model),
        ),
    ]
