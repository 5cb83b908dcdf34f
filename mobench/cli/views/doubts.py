"""What gives reason to doubt a training run that just ended."""

from typing import Any

from mobench.cli.console import Output
from mobench.cli.words import percent

METRIC_LABELS = {"hit": "Hit", "ndcg": "NDCG", "mrr": "MRR"}
MARGIN = 0.005
"""A run that kept less than this above the limit gets a warning."""


def kept_warning(out: Output, results: dict[str, Any]) -> None:
    """Warn where no epoch kept enough accuracy, or the selected one hardly does."""
    kept, limit = results["val"]["kept"], results["keep"]
    metric = METRIC_LABELS[results["keep_metric"]]
    conditioned, reranked = "follows" in results, results["method"] == "rerank"
    solved = results.get("solver") or conditioned
    hint = (
        f"use a larger --set acc_share=…,{' another --set normalise=…,' * (not conditioned)}"
        " or more --epochs."
        if solved
        else "use a smaller --set learning_rate=… or aux_weight=…, more --epochs,"
        " or ask for less with --keep-accuracy."
    )
    if reranked:
        hint = "try more mixes with --set mix_parts=…, or ask for less with --keep-accuracy."
    if not results["kept_enough"]:
        what = "mix" if reranked else "epoch"
        out.warn(
            f"no {what} kept {percent(limit)} of the base's validation {metric}, the best one"
            f" {percent(kept)}: an invalid run.",
            hint,
        )
    elif kept < limit + MARGIN and not results["guarded"] and not reranked:
        out.warn(
            f"{metric} kept is {percent(kept)}, close to the limit of {percent(limit)}.",
            "raise --set acc_share=…."
            if solved
            else f"hold it there with --keep-accuracy {limit:g}.",
        )


def pinned_warning(out: Output, results: dict[str, Any]) -> None:
    """Warn where the controller sat at a limit for most of the run and so controlled nothing."""
    from mobench.report.pinned import HELP, LIMITS, pinned_side

    shares = results["beta_pinned"]
    if side := pinned_side(shares):
        steps = f"{percent(shares[side])} of the steps"
        out.warn(f"β sat at {LIMITS[side]} in {steps}: it did not control.", HELP[side])
