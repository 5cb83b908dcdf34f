"""The result in sentences: which method wins, whether to believe it, and what is missing."""

from collections.abc import Mapping, Sequence
from math import isnan
from statistics import fmean

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.metrics.comparison import accuracy_kept, is_valid
from mobench.report.inputs import Evaluated
from mobench.report.notation import counted, percent, percent_range
from mobench.report.pinned import HELP, LIMITS, pinned_side
from mobench.report.records import Estimate, Point, Row

MIN_KL = 0.01
"""Pop-KL of the base must be above this for a relative change to mean anything."""

UNDER_TRAINED = 0.03
"""A base that gains more Hit than this on validation by training on was stopped too early."""

ALPHA = 0.05
"""Changes with a corrected p below this are called better or worse."""

Pairs = Mapping[str, Sequence[tuple[Evaluated, Evaluated]]]
Support = Mapping[str, float]


def sentences(rows: Sequence[Row], pairs: Pairs, keep: float) -> list[str]:
    """Return the result, the most important first; that is an under-trained base, if it is one."""
    return _under_trained(pairs) + _best(rows, keep)


def _under_trained(pairs: Pairs) -> list[str]:
    for label, mine in pairs.items():
        if mine[0][0].method != "continue":
            continue
        gain = fmean(accuracy_kept(_val_hit(run), _val_hit(base)) - 1 for run, base in mine)
        if gain > UNDER_TRAINED:
            return [
                f"The base is under-trained: {label} alone gains {percent(gain, signed=True)}"
                f" Hit on validation, more than {percent(UNDER_TRAINED, places=0)}."
            ]
    return []


def _val_hit(evaluated: Evaluated) -> float:
    return float(evaluated.results["run_val"]["hit"])


def _best(rows: Sequence[Row], keep: float) -> list[str]:
    methods = [r for r in rows if r.role == "method" and r.imp and not isnan(r.imp.value)]
    if not methods:
        return ["There is no method beside base whose Imp could be judged."]
    valid = sorted((r for r in methods if r.valid), key=lambda r: -_imp(r).value)
    if not valid:
        return _none_valid(max(methods, key=lambda r: _imp(r).value), keep)
    best, *others = valid
    gain = f"Imp {_with_interval(_imp(best))} over {counted(len(best.seeds), 'seed')}"
    if _imp(best).low > 0:
        first = f"{best.label} is the best valid method: {gain}{_ahead(best, others)}."
    else:
        first = f"No valid method is clearly better than base; the best is {best.label}: {gain}."
    return [first, *_kept(best), *_over_continue(best)]


def _none_valid(top: Row, keep: float) -> list[str]:
    why = f"invalid: {'; '.join(top.reasons)}" if top.reasons else "without a verdict on validation"
    return [
        f"No method is valid (on every split {percent(keep, places=0)} of base's Hit kept).",
        f"The largest Imp, {_with_interval(_imp(top))}, is that of {top.label} ({why}).",
    ]


def _imp(row: Row) -> Estimate:
    if row.imp is None:
        raise ValueError(f"row '{row.label}' has no Imp")
    return row.imp


def _with_interval(gain: Estimate) -> str:
    limits = percent_range(gain.low, gain.high)
    return percent(gain.value, signed=True) + (f" (95 % interval {limits})" if limits else "")


def _ahead(best: Row, others: Sequence[Row]) -> str:
    if not others or _imp(others[0]).value <= 0:
        return ""
    ratio = _imp(best).value / _imp(others[0]).value
    return f", {ratio:.1f} × the Imp of {others[0].label}"


def _kept(row: Row) -> list[str]:
    return [f"It keeps {percent(row.kept.value)} of base's Hit."] if row.kept else []


def _over_continue(row: Row) -> list[str]:
    gain = row.imp_continue
    return [f"Against continue its Imp is {_with_interval(gain)}."] if gain else []


def reasons(points: Sequence[Point], kept: Estimate | None, keep: float) -> tuple[str, ...]:
    """Return why a row is not valid; empty if nothing speaks against it.

    On the evaluated split the mean over its seeds must keep enough; on validation every run must
    have said so itself.
    """
    found = []
    if kept is None or not is_valid(kept.value, keep):
        value = percent(kept.value) if kept else "nothing"
        found.append(f"Hit kept {value} < {percent(keep, places=0)}")
    failed = [str(point.seed) for point in points if point.valid_val is False]
    if failed:
        found.append(f"invalid on validation (seed {', '.join(failed)})")
    return tuple(found)


def left_out(supports: Sequence[Support], over: Sequence[str], min_hits: int) -> dict[str, str]:
    """Return the objective metrics that do not enter Imp, with the reason."""
    return {name: _lack(name, supports, min_hits) for name in OBJECTIVE_METRICS if name not in over}


def _lack(name: str, supports: Sequence[Support], min_hits: int) -> str:
    if name == "pop_kl":
        least = min(base["pop_kl"] for base in supports)
        return f"base has {least:.3f} on validation, not above {MIN_KL}"
    if name == "rhit" and min(base["rhit"] for base in supports) <= 0:
        return "base earns nothing on validation (no prices?)"
    key, where = ("min_hit_hits", " in its worst group") if name == "min_hit" else ("hits", "")
    least = min(base[key] for base in supports)
    return f"base has {counted(int(least), 'hit')}{where} on validation, {max(min_hits, 1)} needed"


def warnings(rows: Sequence[Row], missing: Mapping[str, str]) -> list[str]:
    """Return what the table itself gives reason to doubt."""
    found = list(_against_popularity(rows))
    found += [
        f"{METRICS[name].label} is left out of Imp and HV: {why}." for name, why in missing.items()
    ]
    if not any(row.role == "control" for row in rows):
        found.append("No continue run: what longer training alone would gain is unknown.")
    found += [
        f"{row.label}: a run has no verdict on validation, so its validity is unknown."
        for row in rows
        if row.role in ("control", "method") and row.valid is None
    ]
    return found


def _against_popularity(rows: Sequence[Row]) -> list[str]:
    popular = next((row for row in rows if row.role == "sanity"), None)
    if popular is None:
        return ["No popularity run: whether base beats recommending by popularity is unknown."]
    other = popular.values["hit"].value
    found = []
    for base in (row for row in rows if row.role == "reference"):
        hit = base.values["hit"].value
        against = f"Hit {100 * hit:.2f} against {100 * other:.2f}"
        paired = popular.backbone == base.backbone  # the changes of popularity are against this one
        if hit <= other:
            found.append(f"{base.label} does not beat popularity: {against}.")
        elif paired and popular.change["hit"].high >= 0:
            why = f"{against}, the interval includes 0"
            found.append(f"{base.label} does not clearly beat popularity: {why}.")
    return found


def training_warnings(pairs: Pairs) -> list[str]:
    """Return what the training of the runs gives reason to doubt."""
    found = []
    for label, mine in pairs.items():
        shares = [run.results.get("beta_pinned") or {} for run, _ in mine]
        sides = [side for each in shares if (side := pinned_side(each))]
        for side in sorted(set(sides), key=lambda each: each == "high"):
            n = f"{sides.count(side)} of {counted(len(mine), 'run')}"
            found.append(
                f"{label}: β sat at {LIMITS[side]} for more than half of the steps in {n}, so"
                f" accuracy was not controlled. {HELP[side]}"
            )
    return found


def coarse_p(rows: Sequence[Row], resamples: int) -> list[str]:
    """Return a warning where no change could be significant: p has a floor of 2 / (R + 1)."""
    tests = sum(len(row.change) for row in rows if row.role in ("control", "method"))
    floor = tests * 2 / (resamples + 1)
    if floor <= ALPHA:
        return []
    return [
        f"With {tests} changes and {resamples:,} resamples no corrected p can fall below"
        f" {floor:.2f}: raise --resamples."
    ]
