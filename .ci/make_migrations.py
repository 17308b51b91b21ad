"""Writes the migration of a model that was changed; needs no database."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet


def main() -> None:
    """Have Django write what is missing."""
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
        command = [manager, "makemigrations", "gomod"]
        done = subprocess.run(command, env=os.environ | settings, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
