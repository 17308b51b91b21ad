"""What waits to be added goes with the answer that brought it, even if it was written while that is deleted."""

from django.db import migrations

# An old database's constraint has the name of a table that is called otherwise now.
_CONSTRAIN = """
DO $$
DECLARE found name;
BEGIN
    SELECT conname INTO STRICT found FROM pg_constraint
    WHERE conrelid = 'gomod_gopendingentry'::regclass AND confrelid = 'gomod_gocacheentry'::regclass AND contype = 'f';
    EXECUTE format(
        'ALTER TABLE gomod_gopendingentry DROP CONSTRAINT %1$I, ADD CONSTRAINT %1$I FOREIGN KEY (entry_id) '
        'REFERENCES gomod_gocacheentry (pulp_id) {action} DEFERRABLE INITIALLY DEFERRED', found);
END
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('gomod', '0039_bundles_left_out'),
    ]

    operations = [
        migrations.RunSQL(
            _CONSTRAIN.format(action="ON DELETE CASCADE"),
            _CONSTRAIN.format(action=""),
        ),
    ]
