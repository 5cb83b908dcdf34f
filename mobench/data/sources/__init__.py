"""The formats that prep reads, the pickiest first: the first that recognises a file reads it.

A new one is a file here, a line in ``SOURCES``, and a value of ``format`` in the config.
"""

from mobench.data.files import SourceFile
from mobench.data.sources.amazon_csv import AmazonCsv
from mobench.data.sources.amazon_jsonl import AmazonJsonl
from mobench.data.sources.base import Source
from mobench.data.sources.demo import Demo

SOURCES: dict[str, Source] = {
    "amazon-2023-csv": AmazonCsv(),
    "amazon-2023-jsonl": AmazonJsonl(),
    "demo": Demo(),
}

__all__ = ["SOURCES", "Source", "SourceFile"]
