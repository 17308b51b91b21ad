from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("gomod", "0017_lasting_tiles"),
    ]

    operations = [
        migrations.AlterField(
            model_name="goblock",
            name="source",
            field=models.CharField(
                choices=[("requested", "Requested"), ("removed", "Removed"), ("imported", "Imported")],
                default="requested",
                max_length=9,
            ),
        ),
    ]
