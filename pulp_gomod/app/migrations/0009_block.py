import django.db.models.deletion
import django_lifecycle.mixins
import pulpcore.app.models.base
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gomod', '0008_merged_retractions'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='gorepository',
            options={'default_related_name': '%(app_label)s_%(model_name)s', 'permissions': [('modify_gorepository', 'Can modify content of the repository'), ('publish_gorepository', 'Can publish modules to the repository'), ('unpublish_gorepository', 'Can remove modules from the repository'), ('sync_gorepository', 'Can sync modules into the repository'), ('block_gorepository', 'Can keep module versions out of the repository'), ('repair_gorepository', 'Can repair repository versions'), ('manage_roles_gorepository', 'Can manage roles on Go repositories')]},
        ),
        migrations.CreateModel(
            name='GoBlockRevision',
            fields=[
                ('pulp_id', models.UUIDField(default=pulpcore.app.models.base.pulp_uuid, editable=False, primary_key=True, serialize=False)),
                ('pulp_created', models.DateTimeField(auto_now_add=True)),
                ('pulp_last_updated', models.DateTimeField(auto_now=True, null=True)),
                ('revision', models.UUIDField(default=uuid.uuid4)),
                ('changed', models.DateTimeField()),
                ('repository', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='block_revision', to='gomod.gorepository')),
            ],
            options={
                'abstract': False,
            },
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='GoBlock',
            fields=[
                ('pulp_id', models.UUIDField(default=pulpcore.app.models.base.pulp_uuid, editable=False, primary_key=True, serialize=False)),
                ('pulp_created', models.DateTimeField(auto_now_add=True)),
                ('pulp_last_updated', models.DateTimeField(auto_now=True, null=True)),
                ('module', models.TextField(db_collation='C')),
                ('versions', models.TextField(db_collation='C', default='')),
                ('reason', models.TextField()),
                ('created_by', models.TextField(default='')),
                ('source', models.CharField(choices=[('requested', 'Requested'), ('removed', 'Removed')], default='requested', max_length=9)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='gomod.gorepository')),
            ],
            options={
                'unique_together': {('repository', 'module', 'versions')},
            },
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model),
        ),
    ]
