from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("gomod", "0016_index_filled"),
    ]

    operations = [
        migrations.AddField(
            model_name="gosumdbtile",
            name="lasting",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="gosumdbtree",
            name="pruned",
            field=models.DateTimeField(null=True),
        ),
    ]
