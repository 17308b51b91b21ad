"""
Fails when a model was changed and its migration was not written; needs no database.

With --make it is written.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet


def main() -> None:
    """Ask Django what is missing."""
    with tempfile.TemporaryDirectory() as directory:
        key = Path(directory, "key")
        key.write_bytes(Fernet.generate_key())
        settings = {
            "PULP_DB_ENCRYPTION_KEY": str(key),
            "PULP_SECRET_KEY": "unused",
            "PULP_FILE_UPLOAD_TEMP_DIR": directory,
            # No server is there. Django then warns that it cannot compare with what was applied.
            "PULP_DATABASES__default__HOST": directory,
            "PYTHONWARNINGS": "ignore",
        }
        manager = str(Path(sys.executable).with_name("pulpcore-manager"))
        only_check = [] if "--make" in sys.argv else ["--check", "--dry-run"]
        command = [manager, "makemigrations", "gomod", *only_check]
        done = subprocess.run(command, env=os.environ | settings, check=False)
    if done.returncode != 0:
        sys.exit("The migrations are not complete: run .ci/check_migrations.py --make")


if __name__ == "__main__":
    main()
