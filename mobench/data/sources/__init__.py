"""The formats that prep reads, the pickiest first: the first that recognises a file reads it.

A new one is a file here, a line in ``SOURCES``, and a value of ``format`` in the config.
"""

from mobench.data.files import SourceFile
from mobench.data.sources.amazon_csv import AmazonCsv
from mobench.data.sources.amazon_jsonl import Amazon2014Jsonl, Amazon2018Jsonl, AmazonJsonl
from mobench.data.sources.amazon_ratings import Amazon2014Csv, Amazon2018Csv
from mobench.data.sources.base import Source
from mobench.data.sources.csv_table import CsvTable
from mobench.data.sources.demo import Demo
from mobench.data.sources.jsonl import JsonTable
from mobench.data.sources.movielens import Movielens100k, MovielensCsv, MovielensDat
from mobench.data.sources.parquet import Parquet
from mobench.data.sources.recbole import Recbole
from mobench.data.sources.synthetic import SyntheticSource

SOURCES: dict[str, Source] = {
    "amazon-2023-csv": AmazonCsv(),
    "amazon-2023-jsonl": AmazonJsonl(),
    "amazon-2018-jsonl": Amazon2018Jsonl(),
    "amazon-2018-csv": Amazon2018Csv(),
    "amazon-2014-jsonl": Amazon2014Jsonl(),
    "amazon-2014-csv": Amazon2014Csv(),
    "movielens-100k": Movielens100k(),
    "movielens-dat": MovielensDat(),
    "movielens-csv": MovielensCsv(),
    "recbole": Recbole(),
    "parquet": Parquet(),
    "jsonl": JsonTable(),
    "csv": CsvTable(),
    "demo": Demo(),
    "synthetic": SyntheticSource(),
}

__all__ = ["SOURCES", "Source", "SourceFile"]
