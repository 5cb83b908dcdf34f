"""A Spark session that is quiet, uses this Python, and always ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from mobench.errors import ArtifactError

LOGGING = Path(__file__).with_name("log4j2.properties")
LEAST_HEAP = 1024
"""MiB: Spark's own default; it does not start with less than half of it."""


@contextmanager
def spark_session(memory: float | None) -> Iterator[SparkSession]:
    """Start Spark, or use the session that this process has already, which then stays.

    Where it runs and how much it may use is Spark's own configuration (``spark-defaults.conf`` in
    ``SPARK_CONF_DIR``, ``PYSPARK_SUBMIT_ARGS``, ``spark-submit``); without any, all local cores.

    Args:
        memory: GB of the driver's heap, where all rows are in local mode; ``None`` leaves it to
            Spark's configuration.

    Raises:
        ArtifactError: Spark failed on the way.
    """
    mine = SparkSession.getActiveSession() is None
    try:
        with _this_python():
            spark = _start(memory)
            try:
                yield spark
            finally:
                if mine:
                    spark.stop()
    except (PySparkException, Py4JError) as error:
        said = str(error).strip().partition("\n")[0][:300]
        raise ArtifactError(
            f"Spark failed: {said}", "see its log above, or leave --engine spark out."
        ) from error


def _start(memory: float | None) -> SparkSession:
    settings = {
        "spark.app.name": "mobench prep",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.driver.defaultJavaOptions": f"-Dlog4j2.configurationFile={LOGGING.as_uri()}",
        "spark.executorEnv.POLARS_MAX_THREADS": "1",  # a task has one core
    }
    if memory is not None:
        settings["spark.driver.memory"] = f"{max(LEAST_HEAP, round(memory * 1000))}m"
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@contextmanager
def _this_python() -> Iterator[None]:
    """Let the workers run this interpreter, unless the user named another one."""
    if "PYSPARK_PYTHON" in os.environ:
        yield
        return
    os.environ["PYSPARK_PYTHON"] = sys.executable
    try:
        yield
    finally:
        del os.environ["PYSPARK_PYTHON"]
