"""What ``--engine spark`` needs, checked before any work and without importing PySpark."""

import importlib.metadata
import os
import re
import shutil
import subprocess
from pathlib import Path

from mobench.errors import ConfigError

JAVA = 17
"""The oldest Java that Spark 4 runs on."""
DEBIAN = "install it (Debian: apt install openjdk-17-jre-headless), or set JAVA_HOME."


def check_spark() -> None:
    """Refuse to begin without PySpark 4 and Java 17.

    Raises:
        ConfigError: One of them is missing or too old.
    """
    try:
        version = importlib.metadata.version("pyspark")
    except importlib.metadata.PackageNotFoundError:
        raise ConfigError(
            "--engine spark needs PySpark, which is not installed", "pip install 'mobench[spark]'."
        ) from None
    if int(version.partition(".")[0]) < 4:
        raise ConfigError(
            f"--engine spark needs PySpark 4, found {version}", "pip install 'mobench[spark]'."
        )
    found = java_version()
    if found is None:
        raise ConfigError(f"--engine spark needs Java {JAVA}, and there is no 'java'", DEBIAN)
    if found < JAVA:
        raise ConfigError(f"--engine spark needs Java {JAVA}, found Java {found}", DEBIAN)


def java_version() -> int | None:
    """Return the major version of the Java that Spark would start, ``None`` without one."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home, "bin", "java")) if home else "java")
    if java is None:
        return None
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(?:1\.)?(\d+)', said.stderr)  # 1.8.0_292, 17.0.15, 25
    return int(version[1]) if version else None
