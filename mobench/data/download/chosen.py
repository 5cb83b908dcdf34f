"""A public set in the place of its name among the sources of prep."""

from pathlib import Path
from typing import TYPE_CHECKING

from mobench.config import PrepConfig
from mobench.data.download.publishers import is_public
from mobench.errors import ConfigError

if TYPE_CHECKING:
    from mobench.data.download.fetch import Obtained, Track


def names_public_set(config: PrepConfig) -> bool:
    """Return whether a source is the name of a public set.

    A file of the user's that is called so comes first; a folder does not, as it is no source.
    """
    return any(is_public(source) and not Path(source).is_file() for source in config.source)


def with_files_of(
    config: PrepConfig, cache: Path, track: "Track", *, download: bool
) -> "tuple[PrepConfig, Obtained]":
    """Return ``config`` with the files of the public set that it names, and the set.

    Args:
        config: Names the set.
        cache: The folder that holds all public sets.
        track: Makes what is told of the progress of a file.
        download: Whether the network may be used.

    Raises:
        ConfigError: There is another source beside it, or no such set.
        DataError: It is not in the cache and ``download`` is false, or cannot be had.
    """
    from mobench.data.download.fetch import obtain

    if len(config.source) != 1:
        raise ConfigError("a public set stands alone", "name one, such as ml-100k.")
    obtained = obtain(config.source[0], cache, track, download=download)
    layout = obtained.chosen.collection.format
    changes = {
        "source": tuple(map(str, obtained.reviews)),
        "meta": config.meta or tuple(map(str, obtained.metadata)),
        "format": layout if config.format == "auto" else config.format,
    }
    return config.model_copy(update=changes), obtained
