"""Categories from titles, for data without any: TF-IDF and k-means.

Source: Sculley, "Web-scale k-means clustering", WWW 2010 (MiniBatchKMeans of scikit-learn).
"""

from collections.abc import Sequence

import numpy as np

from mobench.errors import DataError

WORDS = 3
MAX_FEATURES = 20_000


def title_categories(titles: Sequence[str | None], n_clusters: int, seed: int) -> list[str | None]:
    """Return a category for each title, named by its cluster's three strongest words.

    Args:
        titles: Titles of the items ``[I]``; without one there is no category.
        n_clusters: Categories, at least 1 (fewer where there are fewer different titles).
        seed: Seed of the clustering, in [0, 2**32).

    Raises:
        DataError: No title has a word to go by.
    """
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.feature_extraction.text import TfidfVectorizer

    known = [i for i, title in enumerate(titles) if title]
    texts = [titles[i] or "" for i in known]
    vectorizer = TfidfVectorizer(
        stop_words="english", max_features=MAX_FEATURES, sublinear_tf=True, dtype=np.float32
    )
    try:
        features = vectorizer.fit_transform(texts)
    except ValueError as error:
        raise DataError(
            "no item has a title with words", "leave out --category-from, or give --meta."
        ) from error
    clusters = min(n_clusters, len(set(texts)))
    means = MiniBatchKMeans(clusters, random_state=seed, n_init=3, batch_size=4096)
    codes = means.fit_predict(features)
    names = _names(means.cluster_centers_, vectorizer.get_feature_names_out())
    labels: list[str | None] = [None] * len(titles)
    for i, code in zip(known, codes, strict=True):
        labels[i] = names[code]
    return labels


def _names(centers: np.ndarray, words: np.ndarray) -> list[str]:
    """Return one name per cluster; clusters with the same strongest words are numbered."""
    names: list[str] = []
    for center in centers:
        top = np.lexsort((np.arange(len(words)), -center))[:WORDS]
        name = " ".join(words[w] for w in top if center[w] > 0)
        taken = sum(other.split(" #")[0] == name for other in names)
        names.append(f"{name} #{taken + 1}" if taken else name)
    return names
