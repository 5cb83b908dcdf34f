"""The part of ``mobench train``'s config that says what is trained for, and how it is weighed."""

from typing import Literal, Self, get_args

from pydantic import field_validator, model_validator

from mobench.config.base import Config, Explained, option
from mobench.errors import suggest

OBJECTIVE_NAMES = ("acc", "rev", "fair", "align")

Rival = Literal[
    "static",
    "mgda",
    "pemtl",
    "epo",
    "nash",
    "cagrad",
    "stch",
    "omd-tch",
    "upgrad",
    "dualproj",
    "pcgrad",
    "imtl-g",
    "aligned-mtl",
    "fairgrad",
    "uw",
    "dwa",
    "imtl-l",
    "famo",
]
RIVALS: tuple[str, ...] = get_args(Rival)
"""Ways of weighing losses that are methods of their own, and may stand in for the controller."""

METHODS = ("popularity", "base", "continue", "morec", "conditioned", "rerank", *RIVALS)


class MethodConfig(Config):
    """What a recommender is trained for, and how its objectives are weighed."""

    method: Literal["popularity", "base", "continue", "morec", "conditioned", "rerank", Rival] = (
        option("morec", "Method")
    )
    """popularity, base, continue (base trained on), morec, conditioned, rerank, or a rival."""
    objectives: tuple[str, ...] = option(OBJECTIVE_NAMES, "Method")
    """Objectives to train for, any of acc,rev,fair,align; acc is implied."""
    preference: tuple[float, ...] | None = option(None, "Method")
    """Wishes for the objectives after acc, in their order (unset: equal); repeat it for several."""
    sampler: Literal["adaptive", "uniform"] = option("adaptive")
    """morec: what each objective sees; uniform puts losses on uniform rows in its place."""
    coordinator: Literal["controller", Rival] = option("controller")
    """morec: what weighs the losses; a rival's way in place of the controller."""
    acc_share: float | None = option(None, gt=0, lt=1)
    """rivals, conditioned, rerank: accuracy's share of the wishes (unset: 1/M, rerank tries it)."""
    normalise: Literal["none", "l2", "loss", "loss+"] = option("none")
    """rivals: divide objectives by gradient norm, loss before training, or both, for the solver."""
    solve_every: int = option(1, ge=1)
    """rivals: steps for which weights stand before they are computed anew."""
    solver_options: tuple[str, ...] = option(())
    """rivals: options of the solver itself, like c=0.4, or min_weights=0.1/0.2/0.1/0.1."""
    regions: int = option(4, ge=1)
    """pemtl: steps from no wish to all, of the mixes whose regions share out the losses."""
    conditioning: Literal["film", "concat"] = option("film")
    """conditioned: scale and shift of the user's vector, or the preference put beside it."""
    concentration: float = option(1.0, gt=0)
    """conditioned: of the Dirichlet draws; 1 is uniform, below it corners, above it the middle."""
    agreement: Literal["none", "cosine", "nonuniformity"] = option("none")
    """conditioned: term that draws the losses towards the ray of the preference."""
    agreement_strength: float = option(1.0, gt=0)
    """conditioned: factor of that term."""
    front_parts: int | None = option(None, ge=1)
    """conditioned: steps from no wish to all of the grid validated at the end (unset: by M)."""
    search: Literal["grid", "nsga2"] = option("grid")
    """rerank: how mixes are chosen to be tried, on a grid or by NSGA-II (an extra)."""
    mix_parts: int = option(10, ge=1, le=1000)
    """rerank: the grid's mixes are in steps of 1 over this."""
    least_score: float = option(0.5, ge=0, lt=1)
    """rerank: mixes that are tried give the base's score at least this share."""
    n_candidates: int = option(200, ge=1, le=10_000)
    """rerank: how many of a user's best items are put in order."""
    fair_loss: Literal["pearson", "pearson-literal"] = option("pearson")
    """Fairness on uniform rows: squared correlation with each group, or Eq. 17 to the letter."""

    @field_validator("objectives")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in OBJECTIVE_NAMES:
                close = suggest(name, OBJECTIVE_NAMES)
                hint = f"{close}Objectives: {', '.join(OBJECTIVE_NAMES)}."
                raise Explained(f"unknown objective '{name}'", hint)
        if not names:
            raise Explained("--objectives is empty", f"choose from {', '.join(OBJECTIVE_NAMES)}.")
        return tuple(dict.fromkeys(("acc", *names)))

    @model_validator(mode="after")
    def _mixed(self) -> Self:
        if self.preference is not None:
            _check_preference(self.preference, self.auxiliary)
        return self

    @property
    def auxiliary(self) -> tuple[str, ...]:
        """The objectives after accuracy."""
        return self.objectives[1:]

    @property
    def solver(self) -> str | None:
        """The way of weighing losses in place of the controller, if there is one."""
        if self.method in RIVALS:
            return self.method
        other = self.method == "morec" and self.coordinator != "controller"
        return self.coordinator if other else None

    @property
    def has_controller(self) -> bool:
        """Whether MoRec's controller weighs the losses."""
        return self.method == "morec" and self.coordinator == "controller"

    @property
    def adapts(self) -> bool:
        """Whether MoRec's sampler chooses what each objective sees."""
        return self.method == "morec" and self.sampler == "adaptive"

    @property
    def uses_substitutes(self) -> bool:
        """Whether all objectives have losses on the same uniform rows (MoRec, Eq. 15 to 17)."""
        return len(self.loss_names) > 1 and not self.adapts

    @property
    def starts_from_base(self) -> bool:
        """Whether training begins with a base run."""
        return self.method in ("continue", "morec", "conditioned", "rerank", *RIVALS)

    @property
    def loss_names(self) -> tuple[str, ...]:
        """The objectives that have a loss of their own in the training step."""
        several = self.method in ("morec", "conditioned", *RIVALS)
        return self.objectives if several else ("acc",)

    @property
    def shares(self) -> tuple[float, ...]:
        """The preference over the auxiliary objectives, scaled to sum 1."""
        wishes = self.preference or (1.0,) * len(self.auxiliary)
        return tuple(wish / sum(wishes) for wish in wishes)

    @property
    def wishes(self) -> tuple[float, ...]:
        """The wishes for all objectives, accuracy first, that a solver is given; sum 1."""
        if not self.auxiliary:
            return (1.0,)
        acc = self.acc_share or 1 / len(self.objectives)
        return (acc, *((1 - acc) * share for share in self.shares))


def _check_preference(preference: tuple[float, ...], auxiliary: tuple[str, ...]) -> None:
    if len(preference) != len(auxiliary):
        raise Explained(
            f"--preference has {len(preference)} values for {len(auxiliary)} objectives"
            f" ({', '.join(auxiliary)})",
            "give one value per objective after acc.",
        )
    if min(preference, default=0) < 0 or not 0 < sum(preference) < float("inf"):
        raise Explained(
            f"--preference {','.join(map(str, preference))} is no mix of wishes",
            "values are at least 0 and not all 0.",
        )
