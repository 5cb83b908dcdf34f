"""What a run cost, as far as it says."""

from mobench.report.front_records import Spent
from mobench.report.inputs import Evaluated


def spent(evaluated: Evaluated) -> Spent:
    """Return what a run cost; nothing is known of one that is gone."""
    if evaluated.run is None:
        return Spent(evaluated.seed, None, None, None, None)
    manifest = evaluated.run.manifest
    results = manifest.results
    return Spent(
        seed=evaluated.seed,
        epochs=results.get("epochs_run"),
        positives=results.get("positives_seen"),
        tries=results.get("tries", 1),
        seconds=results.get("seconds", manifest.wall_seconds),
        shares_tries=results.get("tries_at") == "equal",
    )
