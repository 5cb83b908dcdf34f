"""The planted answer is in the rows, and the rows are what was asked for."""

import tracemalloc
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chisquare, norm, rankdata

from mobench.config import PrepConfig
from mobench.data.catalogue import Catalogue
from mobench.data.dataset import Dataset
from mobench.data.prep import prepare
from mobench.data.schema import REVIEWS, Rejects
from mobench.data.sources.synthetic import SyntheticSource
from mobench.data.synthetic.generator import BLOCK, DAY, START, Synthetic, SyntheticRows, write_csv
from mobench.data.synthetic.ids import long_ids, mixed, short_ids
from mobench.data.synthetic.items import synthetic_items
from mobench.data.synthetic.spec import Spec, parse
from mobench.data.synthetic.truth import Truth, truth
from mobench.errors import ConfigError
from tests.unit.data.make import hashes

SMALL = "rows=260000,users=30,items=40,classes=3,categories=4,seed=5"


def all_rows(text: str) -> SyntheticRows:
    data = Synthetic(parse(text))
    blocks = [data.rows(block) for block in range(data.n_blocks)]
    columns = [[getattr(b, name) for b in blocks] for name in SyntheticRows.__dataclass_fields__]
    return SyntheticRows(*map(np.concatenate, columns))


def p_value(counts: NDArray, shares: NDArray) -> float:
    """Chi-square test of counts against shares, those with few expected rows taken together."""
    counts, expected = counts.ravel(), (shares / shares.sum()).ravel() * counts.sum()
    few = expected < 10
    seen = np.append(counts[~few], counts[few].sum())
    wanted = np.append(expected[~few], expected[few].sum())
    keep = wanted > 0
    assert seen[~keep].sum() == 0
    return chisquare(seen[keep], wanted[keep]).pvalue


def pairs(rows: SyntheticRows, spec: Spec, where: slice = slice(None)) -> NDArray:
    """Rows of each user and item [U, I]."""
    code = rows.user[where] * spec.items + rows.item[where]
    return np.bincount(code, minlength=spec.users * spec.items).reshape(spec.users, spec.items)


def expected(answer: Truth, when: float) -> NDArray:
    users = np.arange(answer.spec.users)
    return answer.activity[:, None] * answer.item_given_user(users, when)


@pytest.mark.parametrize(
    "more", ["", ",activity=0", ",zipf=1.3,affinity=1,difficulty=0", ",seed=6"]
)
def test_rows_follow_the_planted_distribution(more: str) -> None:
    spec = parse(SMALL.replace(",seed=5", "") + more)
    counts, answer = pairs(all_rows(spec.text), spec), truth(spec)
    assert p_value(counts, expected(answer, 0.0)) > 1e-3
    # the test sees it if classes were ignored
    unaware = answer.activity[:, None] * answer.items.popularity
    assert p_value(counts, unaware) < 1e-12


def test_popularity_is_zipf_whatever_the_classes_do() -> None:
    answer = truth(parse("items=500,users=10,zipf=0.7,classes=5,categories=6,affinity=1"))
    law = (1 + np.arange(500)) ** -0.7
    np.testing.assert_allclose(np.sort(answer.items.popularity)[::-1], law / law.sum())
    np.testing.assert_allclose(answer.item_given_class.sum(1), 1)
    np.testing.assert_allclose(answer.item_given_class.mean(0), answer.items.popularity)


@pytest.mark.parametrize("zipf", [0.0, 0.6, 1.1])
def test_the_exponent_shows_in_the_rows(zipf: float) -> None:
    rows = all_rows(f"rows=400000,users=50000,items=3000,activity=0,zipf={zipf}")
    top = np.sort(np.bincount(rows.item))[::-1][5:300]
    if not zipf:
        assert np.bincount(rows.item, minlength=3000).std() < 15  # Poisson: 11.5
        return
    slope = np.polyfit(np.log(np.arange(6, 301)), np.log(top), 1)[0]
    assert slope == pytest.approx(-zipf, abs=0.03)


def test_categories_are_unequally_hard() -> None:
    answer = truth(parse("users=10,items=4000,classes=4,categories=5,affinity=0.9,difficulty=1"))
    items, chance = answer.items, answer.item_given_class
    for category, follows in enumerate((0.9, 0.675, 0.45, 0.225, 0.0)):
        inside = items.category == category
        total = items.popularity[inside].sum()
        for c in range(4):
            own = inside & (items.latent == c)
            popular = items.popularity[own].sum() / total
            # following the class leads to its items, up to four times as often as popularity
            wanted = follows * min(4 * popular, 1) + (1 - follows) * popular
            assert chance[c][own].sum() / chance[c][inside].sum() == pytest.approx(wanted)
            assert follows == 0 or wanted > popular + 0.1
    np.testing.assert_allclose(chance[0][inside], items.popularity[inside])


def test_drift_leads_to_the_second_class() -> None:
    spec = parse(SMALL + ",drift=1")
    rows, answer = all_rows(spec.text), truth(spec)
    assert (answer.user_class != answer.second_class).all()
    assert set(answer.second_class) == {0, 1, 2}
    late = slice(int(0.9 * spec.rows), None)
    assert p_value(pairs(rows, spec, late), expected(answer, 0.95)) > 1e-3
    assert p_value(pairs(rows, spec, late), expected(answer, 0.0)) < 1e-12
    early = slice(0, int(0.1 * spec.rows))
    assert p_value(pairs(rows, spec, early), expected(answer, 0.05)) > 1e-3


@pytest.mark.parametrize("corr", [-0.3, 0.0, 0.6, -1.0])
def test_prices_are_log_normal_and_correlate_as_asked(corr: float) -> None:
    spec = parse(f"items=5000,price_corr={corr},price_median=500,price_sigma=0.5")
    items = synthetic_items(spec)
    score = norm.ppf((rankdata(items.popularity) - 0.5) / 5000)
    assert np.corrcoef(score, np.log(items.price))[0, 1] == pytest.approx(corr, abs=1e-4)
    assert np.median(items.price) == pytest.approx(500, rel=0.03)
    assert np.log(items.price).std() == pytest.approx(0.5, rel=0.01)
    assert (np.round(items.price, 2) == items.price).all()


def test_missing_prices_are_as_many_as_asked() -> None:
    assert np.isnan(synthetic_items(parse("items=1000,price_missing=0.25")).price).sum() == 250


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_repeats_come_after_their_pair(share: float) -> None:
    spec = parse(f"rows=200000,users=1e8,items=1e5,zipf=0,activity=0,repeats={share}")
    rows = all_rows(spec.text)
    pair = rows.user * spec.items + rows.item
    assert 1 - len(np.unique(pair)) / spec.rows == pytest.approx(share, abs=0.005)


def test_times_are_in_order_or_not() -> None:
    for ordered in (True, False):
        rows = all_rows(f"rows=200000,days=10,ordered={ordered}")
        assert (np.diff(rows.timestamp) >= 0).all() == ordered
        assert START <= rows.timestamp.min() < START + DAY
        assert START + 9 * DAY < rows.timestamp.max() < START + 10 * DAY
        assert np.ptp(np.bincount((rows.timestamp - START) // DAY)) < 2000


def test_ratings_have_their_distribution() -> None:
    shares = (0.1, 0.0, 0.2, 0.3, 0.4)
    rows = all_rows(f"rows=100000,ratings={'/'.join(map(str, shares))}")
    counts = np.bincount(rows.rating.astype(int), minlength=6)
    assert counts[0] == counts[2] == 0
    assert p_value(counts[1:], np.array(shares)) > 1e-3
    frame = Synthetic(parse("rows=10,ratings=none")).frame(0)
    assert frame.schema == REVIEWS
    assert frame["rating"].null_count() == 10


def test_blocks_can_be_made_alone_and_differ() -> None:
    data = Synthetic(parse(f"rows={2 * BLOCK + 7},seed=2"))
    frames = list(data.frames())
    assert [frame.height for frame in frames] == [BLOCK, BLOCK, 7]
    assert all(frame.schema == REVIEWS for frame in frames)
    for block in (2, 1, 0):
        assert Synthetic(data.spec).frame(block).equals(frames[block])
    assert not frames[0]["item"].equals(frames[1]["item"])
    other = Synthetic(parse(f"rows={2 * BLOCK + 7},seed=3")).frame(0)
    assert not other["item"].equals(frames[0]["item"])


def test_the_last_of_ten_billion_rows_needs_no_others() -> None:
    data = Synthetic(parse("rows=1e10,users=1e9,items=1000"))
    frame = data.frame(data.n_blocks - 1)
    assert frame.height == 10**10 - (data.n_blocks - 1) * BLOCK
    assert frame["user"].str.contains(r"^u\d{9}$").all()
    assert frame["user"].n_unique() > 0.99 * frame.height
    assert frame["timestamp"].min() > START + 999 * DAY


def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(rows: int) -> int:
        data = Synthetic(parse(f"rows={rows},drift=0.5,repeats=0.1"))
        tracemalloc.start()
        for block in range(data.n_blocks):
            data.rows(block)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(10 * BLOCK) < 1.1 * peak(2 * BLOCK)


def test_short_ids_are_their_numbers() -> None:
    numbers = np.array([0, 7, 12_345, 99_999])
    assert short_ids("u", numbers, 100_000).to_list() == ["u00000", "u00007", "u12345", "u99999"]
    assert short_ids("i", numbers, 5_000_000_000)[2] == "i0000012345"


@given(n_bits=st.sampled_from([8, 12, 14]), key=st.integers(0, 2**63 - 1))
@settings(max_examples=20)
def test_mixing_is_a_bijection(n_bits: int, key: int) -> None:
    bits = mixed(np.arange(2**n_bits), key, n_bits)
    assert sorted(bits.tolist()) == list(range(2**n_bits))


@pytest.mark.parametrize(("prefix", "length"), [("A", 13), ("A", 28), ("A", 64), ("B0", 10)])
def test_long_ids_are_distinct_letters_and_digits(prefix: str, length: int) -> None:
    numbers = np.concatenate([np.arange(50_000), 10**9 - np.arange(1, 50_000)])
    ids = long_ids(prefix, numbers, length, 99)
    assert ids.n_unique() == len(numbers)
    assert ids.str.contains(rf"^{prefix}[A-Z2-7]{{{length - len(prefix)}}}$").all()
    assert ids[:1000].str.slice(len(prefix), 6).n_unique() > 990  # no order shows
    assert not long_ids(prefix, numbers[:9], length, 100).equals(ids[:9])


def test_the_csv_preps_to_the_same_rows(workdir: Path) -> None:
    spec = "rows=8000,users=300,items=100,id_length=28,repeats=0.1,ordered=no"
    write_csv(workdir / "reviews.csv", parse(spec))
    text = (workdir / "reviews.csv").read_text().splitlines()
    assert text[0] == "user_id,parent_asin,rating,timestamp"
    assert len(text) == 8001
    one = prepare(PrepConfig(source=("reviews.csv",)), workdir / "one")
    two = prepare(PrepConfig(source=(f"synthetic:{spec}",)), workdir / "two")
    for table in ("interactions.parquet", "users.parquet", "funnel.parquet"):
        assert hashes(one)[table] == hashes(two)[table]
    assert not one.artifact.manifest.results["price_coverage"]
    assert two.artifact.manifest.results["price_coverage"] == 1


def test_items_reach_the_catalogue_with_category_and_price() -> None:
    (_, file) = SyntheticSource().files("synthetic:items=50,price_missing=0.5,seed=1")
    items = synthetic_items(parse("items=50,price_missing=0.5,seed=1"))
    wanted = [f"i{n:05d}" for n in range(0, 50, 3)]
    catalogue = Catalogue([*wanted, "i00050"])
    assert SyntheticSource().read_items(file, catalogue, Rejects("metadata")) == 50
    np.testing.assert_array_equal(catalogue.prices[:-1], items.price[::3])
    assert 0 < np.isnan(catalogue.prices).sum() < 17
    kinds = [path[0][1] for path in catalogue.paths[:-1]]
    assert kinds == [f"Kind {c:02d}" for c in items.category[::3]]
    assert catalogue.title[-1] is None
    assert catalogue.paths[-1] == ()


def test_knowing_the_answer_beats_popularity(workdir: Path) -> None:
    prepare(PrepConfig(source=("synthetic",)), workdir / "out")
    dataset = Dataset.load(workdir / "out")
    answer, data = truth(parse("")), Synthetic(parse(""))
    users = codes(data.user_ids(np.arange(1500)), dataset.artifact.read("users.parquet")["user_id"])
    items = codes(data.item_ids, dataset.artifact.read("items.parquet")["item_id"])
    best = hit(dataset, answer.item_given_user(users)[:, items])
    popular = hit(dataset, np.tile(dataset.items.n_train.astype(float), (dataset.n_users, 1)))
    assert 0.2 < popular < best - 0.08
    shuffled = hit(dataset, answer.item_given_user(users[::-1])[:, items])
    assert shuffled < best - 0.08


def codes(ids: pl.Series, wanted: NDArray) -> NDArray:
    index = {text: code for code, text in enumerate(ids)}
    return np.array([index[text] for text in wanted])


def hit(dataset: Dataset, scores: NDArray) -> float:
    """Hit@10 of the test targets among the items that are not in train or val."""
    scores = scores.copy()
    for name in ("train", "val"):
        scores[dataset.splits[name].user, dataset.splits[name].item] = -1
    test = dataset.splits["test"]
    ranks = (scores[test.user] > scores[test.user, test.item][:, None]).sum(1)
    return float((ranks < 10).mean())


SPECS = st.fixed_dictionaries(
    {},
    optional={
        "rows": st.integers(1, 10**10),
        "users": st.integers(1, 10**9),
        "zipf": st.floats(0, 3),
        "price_corr": st.floats(-1, 1),
        "ordered": st.booleans(),
        "ratings": st.sampled_from([None, (0.2, 0.2, 0.2, 0.2, 0.2), (0.0, 0.0, 0.0, 0.5, 0.5)]),
        "id_length": st.sampled_from([0, 13, 28]),
    },
)


@given(SPECS)
def test_a_spec_is_written_as_it_is_read(values: dict[str, object]) -> None:
    spec = Spec(**values)
    assert parse(spec.text) == spec
    assert parse(spec.text).digest == spec.digest


def test_equal_specs_are_one_and_others_are_not() -> None:
    same = ("rows=1e5, users=2000", "users=2e3,rows=100000", "rows=1.0e5,users=2000,seed=0")
    assert len({parse(text).digest for text in same}) == 1
    assert {parse(text).text for text in same} == {"rows=100000,users=2000"}
    others = ("", "rows=1e5", "seed=1", "ratings=none", "ordered=no", "drift=0.5")
    assert len({parse(text).digest for text in (*same[:1], *others)}) == 7


WRONG = {
    "row=5": ("unknown key 'row'", "did you mean 'rows'? Known are rows, users, items, seed, "),
    "rows": ("'rows' has no value", "write rows=VALUE."),
    "rows=": ("'rows' has no value", "write rows=VALUE."),
    "rows=5,rows=6": ("'rows' is given twice", "leave one out."),
    "rows=many": ("rows: 'many' should be a valid integer", ""),
    "rows=1.5": ("rows: '1.5' should be a valid integer", ""),
    "rows=1e99999999": ("rows: '1e99999999' should be a valid integer", ""),
    "rows=nan": ("rows: 'nan' should be a valid integer", ""),
    "rows=0": ("rows: '0' should be greater than or equal to 1", "Rows."),
    "rows=1e11": ("rows: '100000000000' should be less than or equal to 10000000000", "Rows."),
    "zipf=nan": ("zipf: 'nan' should be ", ""),
    "price_corr=-2": ("price_corr: '-2' should be greater than or equal to -1", ""),
    "ratings=1/2": ("ratings '1.0/2.0' are not five shares of 1", "the first is rating 1."),
    "ratings=0.5/0.5/0.5/-0.5/0": ("ratings '0.5/0.5/0.5/-0.5/0.0' are not five shares", ""),
    "id_length=5": ("id_length '5' is too short", "give 13 to 64, or 0 for short ids."),
    ",": ("unknown key ''", "Known are rows, "),
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_spec_is_explained(text: str) -> None:
    message, hint = WRONG[text]
    with pytest.raises(ConfigError) as caught:
        SyntheticSource().files(f"synthetic:{text}")
    assert caught.value.message.startswith(f"synthetic: {message}")
    assert (caught.value.hint or "").startswith(hint)


@pytest.mark.parametrize(
    "spec", ["items=2,users=1,rows=5", "items=10,categories=256,classes=64", "price_sigma=0"]
)
def test_degenerate_sizes_work(spec: str) -> None:
    rows = all_rows(f"{spec},drift=1,repeats=0.5")
    chances = truth(parse(spec)).item_given_class
    np.testing.assert_allclose(chances.sum(1), 1)
    assert 0 <= rows.item.min() <= rows.item.max() < parse(spec).items
