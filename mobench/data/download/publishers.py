"""The public data sets that ``mobench prep NAME --download`` knows: addresses, terms, citations.

How the entries were checked (from stored public pages and code, not against the live servers):

- MovieLens: the zips 100k, 1m, 20m, 25m and latest-small stand in TensorFlow Datasets' list of
  checksums, 10m, 32m and latest in several repositories, and a ``.md5`` file beside each of the
  eight in at least one. Terms: the README of 100k, and copies of those of later sets.
- Amazon 2023: OmniRec's loader lists all 34 rating files on this host, the McAuley lab's own
  README lists all metadata files (under the lab's older host name), a downloader lists the same 34
  on this host. Terms: the lab's answer in its data set's discussion "Dataset License?".
- Amazon 2018: OmniRec lists all 29 rating files on this host with checksums, another repository all
  29 metadata files (older host name); the metadata on this host: Electronics, Fashion and others.
- Amazon 2014: OmniRec lists all 24 rating files with checksums, another repository all 24 metadata
  files at the same address pattern.

Rating files of 0-core are used, since prep filters by itself; they hold every rating of the
reviews without the texts, which prep does not use.
"""

from dataclasses import dataclass
from posixpath import basename

from mobench.errors import ConfigError, suggest

MOVIELENS = "https://files.grouplens.org/datasets/movielens/ml-{}.zip"
MCAULEY = "https://mcauleylab.ucsd.edu/public_datasets/data"
SNAP = "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles"


@dataclass(frozen=True)
class Collection:
    """Sets of one publisher in one format.

    Attributes:
        prefix: What the name of every set begins with.
        members: What it ends with; takes the place of ``{}`` in the addresses.
        format: The value of ``--format``.
        reviews: Address of the review file.
        metadata: Address of the metadata file, ``None`` where the reviews bring it along.
        checksum: What follows the address of a file at that of its MD5, ``None`` for no such file.
        page: Where the publisher describes the data.
        terms: What one may do with them, in a sentence.
        citation: What to cite.
    """

    prefix: str
    members: tuple[str, ...]
    format: str
    reviews: str
    metadata: str | None
    checksum: str | None
    page: str
    terms: str
    citation: str

    @property
    def folder(self) -> str:
        """Name of the folder for its files (2014 and 2018 share file names)."""
        return self.prefix.rstrip("-/")

    @property
    def names(self) -> list[str]:
        """Names of its sets."""
        return [self.prefix + member for member in self.members]


@dataclass(frozen=True)
class PublicSet:
    """One set that can be downloaded: its name, and the files' addresses."""

    name: str
    collection: Collection
    reviews: str
    metadata: str | None

    @property
    def addresses(self) -> list[str]:
        """All files, reviews first."""
        return [self.reviews, *([self.metadata] if self.metadata else [])]

    @property
    def files(self) -> list[str]:
        """What the files are called, as in ``addresses``."""
        return [basename(address) for address in self.addresses]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _movielens(layout: str, *sizes: str) -> Collection:
    return Collection(
        prefix="ml-",
        members=sizes,
        format=layout,
        reviews=MOVIELENS,
        metadata=None,
        checksum=".md5",
        page="https://grouplens.org/datasets/movielens/",
        terms="For research, with acknowledgement; commercial use needs permission from GroupLens,"
        " and the README inside says whether the data may be passed on.",
        citation="F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History"
        " and Context. ACM TiiS 5, 4, 19:1-19:19. https://doi.org/10.1145/2827872",
    )


COLLECTIONS = (
    _movielens("movielens-100k", "100k"),
    _movielens("movielens-dat", "1m", "10m"),
    _movielens("movielens-csv", "20m", "25m", "32m", "latest", "latest-small"),
    Collection(
        prefix="amazon-2023/",
        members=_words(
            """All_Beauty Amazon_Fashion Appliances Arts_Crafts_and_Sewing Automotive Baby_Products
            Beauty_and_Personal_Care Books CDs_and_Vinyl Cell_Phones_and_Accessories
            Clothing_Shoes_and_Jewelry Digital_Music Electronics Gift_Cards Grocery_and_Gourmet_Food
            Handmade_Products Health_and_Household Health_and_Personal_Care Home_and_Kitchen
            Industrial_and_Scientific Kindle_Store Magazine_Subscriptions Movies_and_TV
            Musical_Instruments Office_Products Patio_Lawn_and_Garden Pet_Supplies Software
            Sports_and_Outdoors Subscription_Boxes Tools_and_Home_Improvement Toys_and_Games Unknown
            Video_Games"""
        ),
        format="amazon-2023-csv",
        reviews=f"{MCAULEY}/amazon_2023/benchmark/0core/rating_only/{{}}.csv.gz",
        metadata=f"{MCAULEY}/amazon_2023/raw/meta_categories/meta_{{}}.jsonl.gz",
        checksum=None,
        page="https://amazon-reviews-2023.github.io/",
        terms="The publisher assigns no licence and offers the data primarily for research.",
        citation="Yupeng Hou, Jiacheng Li, Zhankui He, An Yan, Xiusi Chen and Julian McAuley. 2024."
        " Bridging Language and Items for Retrieval and Recommendation. arXiv:2403.03952",
    ),
    Collection(
        prefix="amazon-2018/",
        members=_words(
            """AMAZON_FASHION All_Beauty Appliances Arts_Crafts_and_Sewing Automotive Books
            CDs_and_Vinyl Cell_Phones_and_Accessories Clothing_Shoes_and_Jewelry Digital_Music
            Electronics Gift_Cards Grocery_and_Gourmet_Food Home_and_Kitchen
            Industrial_and_Scientific Kindle_Store Luxury_Beauty Magazine_Subscriptions
            Movies_and_TV Musical_Instruments Office_Products Patio_Lawn_and_Garden Pet_Supplies
            Prime_Pantry Software Sports_and_Outdoors Tools_and_Home_Improvement Toys_and_Games
            Video_Games"""
        ),
        format="amazon-2018-csv",
        reviews=f"{MCAULEY}/amazon_v2/categoryFilesSmall/{{}}.csv",
        metadata=f"{MCAULEY}/amazon_v2/metaFiles2/meta_{{}}.json.gz",
        checksum=None,
        page="https://nijianmo.github.io/amazon/index.html",
        terms="The publisher states no licence; the data are offered for research.",
        citation="Jianmo Ni, Jiacheng Li and Julian McAuley. 2019. Justifying Recommendations using"
        " Distantly-Labeled Reviews and Fine-Grained Aspects. EMNLP-IJCNLP 2019, 188-197",
    ),
    Collection(
        prefix="amazon-2014/",
        members=_words(
            """Amazon_Instant_Video Apps_for_Android Automotive Baby Beauty Books CDs_and_Vinyl
            Cell_Phones_and_Accessories Clothing_Shoes_and_Jewelry Digital_Music Electronics
            Grocery_and_Gourmet_Food Health_and_Personal_Care Home_and_Kitchen Kindle_Store
            Movies_and_TV Musical_Instruments Office_Products Patio_Lawn_and_Garden Pet_Supplies
            Sports_and_Outdoors Tools_and_Home_Improvement Toys_and_Games Video_Games"""
        ),
        format="amazon-2014-csv",
        reviews=f"{SNAP}/ratings_{{}}.csv",
        metadata=f"{SNAP}/meta_{{}}.json.gz",
        checksum=None,
        page="https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html",
        terms="The publisher states no licence; the data are offered for research.",
        citation="Julian McAuley, Christopher Targett, Qinfeng Shi and Anton van den Hengel. 2015."
        " Image-Based Recommendations on Styles and Substitutes. SIGIR 2015, 43-52",
    ),
)


def is_public(name: str) -> bool:
    """Return whether ``name`` is meant as a public set: one of them, or a category of Amazon's."""
    names = [name for collection in COLLECTIONS for name in collection.names]
    return name in names or _category_of(name) is not None


def find(name: str) -> PublicSet:
    """Return the public set of this name.

    Raises:
        ConfigError: There is none.
    """
    for collection in COLLECTIONS:
        if name in collection.names:
            member = name.removeprefix(collection.prefix)
            reviews = collection.reviews.format(member)
            meta = collection.metadata.format(member) if collection.metadata else None
            return PublicSet(name, collection, reviews, meta)
    close = suggest(name, [name for collection in COLLECTIONS for name in collection.names])
    raise ConfigError(f"'{name}' is no public set that mobench knows", f"{close}{_known(name)}")


def _category_of(name: str) -> Collection | None:
    """Return the collection whose categories ``name`` means, right or wrong, if any."""
    amazon = [c for c in COLLECTIONS if c.prefix.endswith("/")]
    return next((c for c in amazon if name.startswith(c.prefix)), None)


def _known(name: str) -> str:
    """Return what there is: the categories that ``name`` could mean, else all collections."""
    if meant := _category_of(name):
        return f"{meant.folder} has {', '.join(meant.members)}."
    either = [[f"{c.prefix}CATEGORY"] if c.prefix.endswith("/") else c.names for c in COLLECTIONS]
    return f"Known are {', '.join(name for names in either for name in names)}."
