"""The result in sentences: which method wins, whether to believe it, and what is missing."""

from collections.abc import Mapping, Sequence
from math import isnan
from statistics import fmean

from mobench.config.report import ReportConfig
from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.metrics.comparison import accuracy_kept, is_valid
from mobench.metrics.correction import least_corrected, resamples_needed
from mobench.metrics.p_values import ALPHA, Test
from mobench.report.at_odds import in_words, tested_changes, tested_imps
from mobench.report.inputs import Evaluated
from mobench.report.judging import JUDGED, ranked
from mobench.report.notation import counted, interval, p_text, percent, percent_range
from mobench.report.pinned import HELP, LIMITS, pinned_side
from mobench.report.records import Duel, Estimate, Point, Row

MIN_KL = 0.01
"""Pop-KL of the base must be above this for a relative change to mean anything."""

UNDER_TRAINED = 0.03
"""A base that gains more Hit than this on validation by training on was stopped too early."""

Pairs = Mapping[str, Sequence[tuple[Evaluated, Evaluated]]]
Support = Mapping[str, float]


def sentences(
    rows: Sequence[Row], pairs: Pairs, config: ReportConfig, best: Duel | None
) -> list[str]:
    """Return the result, the most important first; that is an under-trained base, if it is one."""
    return _under_trained(pairs) + _best(rows, config, best)


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


def _best(rows: Sequence[Row], config: ReportConfig, duel: Duel | None) -> list[str]:
    methods = [r for r in rows if r.role == "method" and r.imp and not isnan(r.imp.value)]
    if not methods:
        return ["There is no method beside base whose Imp could be judged."]
    valid = ranked(rows)
    if not valid:
        return _none_valid(max(methods, key=lambda r: _imp(r).value), config)
    best = valid[0]
    whom = population(config.test, len(best.seeds))
    gain = f"Imp {_with_interval(_imp(best), whom)} over {counted(len(best.seeds), 'seed')}"
    if is_clear(_imp(best)) and _imp(best).value > 0:
        first = f"{best.label} is the best valid method: {gain}."
    else:
        first = f"No valid method is clearly better than base; the best is {best.label}: {gain}."
    ahead = _ahead(duel, population(config.test, len(duel.seeds))) if duel else []
    odd = in_words(_imp(best), config.test, len(best.seeds), tested_imps(rows))
    if duel and not odd:
        ahead += in_words(duel.ahead, config.test, len(duel.seeds), tests=1)
    return [first, *odd, *ahead, *_kept(best, config.keep), *_over_continue(best)]


def _none_valid(top: Row, config: ReportConfig) -> list[str]:
    why = f"invalid: {'; '.join(top.reasons)}" if top.reasons else "without a verdict on validation"
    gain = _with_interval(_imp(top), population(config.test, len(top.seeds)))
    return [
        f"No method is valid (on every split {percent(config.keep, places=0)} of base's Hit kept).",
        f"The largest Imp, {gain}, is that of {top.label} ({why}).",
    ]


def _imp(row: Row) -> Estimate:
    if row.imp is None:
        raise ValueError(f"row '{row.label}' has no Imp")
    return row.imp


def is_clear(estimate: Estimate) -> bool:
    """Return whether a test, corrected as it may be, lets one speak of a difference."""
    return estimate.p is not None and estimate.p < ALPHA


def sign(gain: Estimate | None) -> str:
    """Return ▲ for a gain over base, ▼ for a loss, nothing where no test finds either."""
    if gain is None or not is_clear(gain):
        return ""
    return "▲" if gain.value > 0 else "▼"


def population(test: Test, seeds: int) -> str:
    """Return whom the p of so many seeds speaks of."""
    return "over users and seeds" if test == "both" and seeds > 1 else "over users"


def _with_interval(gain: Estimate, whom: str = "") -> str:
    limits = percent_range(gain.low, gain.high)
    return percent(gain.value, signed=True) + _evidence(gain, limits, whom)


def _evidence(gain: Estimate, limits: str, whom: str) -> str:
    """Return interval and p in brackets; whom p speaks of, since intervals are over users only."""
    parts = [f"95 % interval {limits}"] if limits else []
    parts += [f"{p_text(gain.p)} {whom}"] if gain.p is not None and not isnan(gain.p) else []
    return f" ({', '.join(parts)})" if parts else ""


def _ahead(duel: Duel, whom: str) -> list[str]:
    """Return how far the best method is ahead of another one, in points of Imp."""
    if isnan(duel.ahead.value):
        return []
    gap = duel.ahead
    limits = percent_range(gap.low, gap.high).removesuffix(" %")
    points = percent(gap.value, signed=True).removesuffix(" %") + " points of Imp"
    clear = "clearly" if is_clear(gap) else "not clearly"
    side = "ahead of" if gap.value >= 0 else "behind"
    return [f"It is {clear} {side} {duel.other}: {points}{_evidence(gap, limits, whom)}."]


def _kept(row: Row, keep: float) -> list[str]:
    if row.kept is None:
        return []
    found = [f"It keeps {percent(row.kept.value)} of base's Hit."]
    if row.validity == "undecided":
        limits = interval(100 * row.kept.low, 100 * row.kept.high, 1)
        holds = f"the 95 % interval, {limits} %, holds" if limits else "no interval tells from"
        found.append(f"That it is valid is undecided: {holds} {percent(keep, places=0)}.")
    return found


def _over_continue(row: Row) -> list[str]:
    gain = row.imp_continue
    return [f"Against continue its Imp is {_with_interval(gain)}."] if gain else []


def reasons(points: Sequence[Point], kept: Estimate | None, keep: float) -> tuple[str, ...]:
    """Return why a row is not valid; empty if nothing speaks against it.

    On the evaluated split the mean over its seeds must keep enough; on validation every run must
    have said so itself.
    """
    found = []
    if keeps_too_little(kept, keep):
        value = percent(kept.value) if kept else "nothing"
        found.append(f"Hit kept {value} < {percent(keep, places=0)}")
    if failed := failed_on_validation(points):
        found.append(f"invalid on validation (seed {', '.join(map(str, failed))})")
    return tuple(found)


def keeps_too_little(kept: Estimate | None, keep: float) -> bool:
    """Return whether the value of what a row keeps speaks against it."""
    return kept is None or not is_valid(kept.value, keep)


def failed_on_validation(points: Sequence[Point]) -> tuple[int, ...]:
    """Return the seeds of the runs that said themselves that they are not valid."""
    return tuple(point.seed for point in points if point.valid_val is False)


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
        if row.role in JUDGED and row.validity is None
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


def coarse_p(rows: Sequence[Row], config: ReportConfig) -> list[str]:
    """Return a warning where no change could be significant: p has a floor of 2 / (R + 1)."""
    tests = tested_changes(rows)
    enough = resamples_needed(ALPHA, tests, config.correction)
    if config.resamples >= enough or not tests:
        return []
    floor = least_corrected(2 / (config.resamples + 1), tests, config.correction)
    return [
        f"With {tests} changes and {config.resamples:,} resamples no corrected p can fall below"
        f" {floor:.2f}: set resamples to {enough:,} or more (--resamples; report.resamples in a"
        " recipe)."
    ]
