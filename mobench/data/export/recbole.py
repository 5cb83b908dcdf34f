"""RecBole's atomic files, split as its option ``benchmark_filename`` expects.

RecBole reads them with pandas, which knows quotes and words for missing values, while the format
has no way to escape either. So ids that it would not read back are refused, and titles lose what
would break a line. Checked against RecBole 1.2.1.
"""

import json
from pathlib import Path

import polars as pl

from mobench.data.dataset import Split
from mobench.data.export.base import Facts, Target, TextWriter, Writer, one_line

NAMES = {"train": "train", "val": "valid", "test": "test"}
TYPES = {"rating": "float", "timestamp": "float", "price": "float", "title": "token_seq"}
MISSING = (
    *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)
"""Words that pandas takes for a missing value."""
PADDING = "[PAD]"
"""RecBole's own token for what is not there."""
TITLE = 1_000
"""Characters of a title: pandas fails on a field of 131,072."""

CONFIG = """\
# The split of mobench for RecBole: run_recbole(model="BPR", config_file_list=[this file]).
# Every setting here can be overridden; data_path is where this file was made.
dataset: {stem}
data_path: {place}
benchmark_filename: [train, valid, test]
USER_ID_FIELD: user_id
ITEM_ID_FIELD: item_id
RATING_FIELD: rating
TIME_FIELD: timestamp
load_col:
  inter: [{fields}]
  item: [item_id, price, category, title]
eval_args: {{mode: full}}
topk: [10]
"""
README = """\
# {stem} for RecBole

The split of mobench: train, valid and test with raw ids, and all items of the dataset.

```python
from recbole.quick_start import run_recbole

run_recbole(model="BPR", config_file_list=["{place}/{stem}.yaml"])
```

RecBole then ranks all items without the user's train rows for valid, and without train and valid
rows for test, as mobench does. This is the layout for general recommenders; RecBole's sequential
models want a history in every row when the split is given.
RecBole fills a missing price with the mean of the others.
"""


class RecBole(Target):
    """Tab-separated text whose header names types; the files lie in a folder named as they are."""

    name = "recbole"
    bad_id = r'[\p{Cc}"]'
    bad_reason = "a control character or quote, or is a word for a missing value"
    bad_words = (*MISSING, PADDING)

    def review_file(self, stem: str, split: Split) -> str:
        """Return ``NAME/NAME.train.inter`` and so on."""
        return f"{stem}/{stem}.{NAMES[split]}.inter"

    def item_file(self, stem: str) -> str:
        """Return ``NAME/NAME.item``."""
        return f"{stem}/{stem}.item"

    def reviews(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rows with typed names."""
        return _typed(rows)

    def items(self, items: pl.LazyFrame) -> pl.LazyFrame:
        """Return id, price, category and title; double quotes become single ones."""
        clean = one_line(pl.col("category", "title")).str.replace_all('"', "'").str.slice(0, TITLE)
        return _typed(items.with_columns(clean).select("item_id", "price", "category", "title"))

    def open(self, path: Path) -> Writer:
        """Begin a file."""
        return TextWriter(path, "\t", quoted=False)

    def texts(self, facts: Facts) -> dict[str, str]:
        """Return the config and the README."""
        rating = ["rating"] if facts.is_rated else []
        fields = ", ".join(["user_id", "item_id", *rating, "timestamp"])
        quoted = {"stem": json.dumps(facts.stem), "place": json.dumps(str(facts.place))}
        return {
            f"{facts.stem}.yaml": CONFIG.format(fields=fields, **quoted),
            "README.md": README.format(stem=facts.stem, place=facts.place),
        }


def _typed(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.rename(lambda name: f"{name}:{TYPES.get(name, 'token')}")
