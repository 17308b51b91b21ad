from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gomod", "0034_cache_entries"),
    ]

    operations = [
        migrations.AddField(
            model_name="gosumdb",
            name="taken",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="gosumdb",
            name="taken_since",
            field=models.DateTimeField(null=True),
        ),
    ]
