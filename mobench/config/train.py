"""Config of ``mobench train``."""

from typing import Literal, Self

from pydantic import field_validator, model_validator

from mobench.config.base import Explained, option
from mobench.config.methods import MethodConfig


class TrainConfig(MethodConfig):
    """How a recommender is trained under several objectives."""

    preset: Literal["default", "paper", "reference"] = option("default")
    """Named set of values for what is not set by hand."""
    keep_accuracy: float | None = option(None, "Method", gt=0, le=1.5)
    """Hold validation accuracy at this share of the base's by moving the target loss."""
    keep_metric: Literal["hit", "ndcg", "mrr"] = option("hit")
    """The accuracy that keep_accuracy holds."""
    target_loss: float | None = option(None, gt=0)
    """Accuracy loss that the controller holds (unset: the base's loss plus slack)."""
    sampler_mode: Literal["draw", "reweight"] = option("draw", "Method")
    """Draw a block per objective (the paper), or weight one block (faster)."""

    backbone: str = option("mf", "Model")
    """Model family: mf, sasrec, or a Python file that holds one."""
    embedding_size: int = option(64, ge=1)
    """Width of the user and item embeddings."""
    learning_rate: float = option(1e-3, gt=0)
    """Step size of Adam."""
    optimizer: Literal["adam", "lazy-adam"] = option("adam", "Model")
    """adam, or lazy-adam: moments and weights move only for the rows that a step touches."""
    weight_decay: float = option(1e-5, ge=0)
    """Coupled L2, scaled by the sum of the loss weights in use."""
    batch_size: int = option(512, ge=1)
    """Positives per block."""
    epochs: int | None = option(None, "Model", ge=1)
    """Passes over the train split (unset: 30, for base at most 200)."""
    patience: int = option(10, ge=1)
    """Base stops when val NDCG has not improved for so many epochs."""
    n_negatives: int = option(10, ge=1)
    """Negatives per positive."""
    negative_power: float = option(0.0, ge=0)
    """Negatives are drawn in proportion to train count to this power."""
    max_redraws: int = option(10, ge=0)
    """Rounds of redrawing negatives that the user has seen; what is left is kept and counted."""

    max_length: int = option(50, ge=1)
    """sasrec: how many of the last items a user's history holds."""
    n_blocks: int = option(2, ge=1)
    """sasrec: transformer blocks."""
    n_heads: int = option(1, ge=1)
    """sasrec: attention heads; a divisor of embedding_size."""
    inner_size: int | None = option(None, ge=1)
    """sasrec: width between the two layers of a block (unset: 4 times embedding_size)."""
    dropout: float = option(0.2, ge=0, lt=1)
    """sasrec: share of activations set to zero while training."""
    norm: Literal["post", "pre"] = option("post")
    """sasrec: layer norm after each sub-layer, or before."""
    targets: Literal["positions", "rows"] = option("positions")
    """sasrec: all positions of a window are targets, or one target a row (the paper; slower)."""
    autocast: Literal["none", "bf16"] = option("none")
    """sasrec: compute in bfloat16 where that is safe; losses stay in float32."""

    kp: float = option(0.01, ge=0)
    """Proportional gain of the controller."""
    ki_per_epoch: float = option(1.6, ge=0)
    """Integral gain per epoch; K_i is this divided by the steps of an epoch."""
    ki: float | None = option(None, ge=0)
    """Integral gain per step; replaces ki_per_epoch when set."""
    beta_min: float = option(0.1, ge=0)
    """Smallest weight of the accuracy loss."""
    beta_max: float = option(1.5, gt=0)
    """Largest weight of the accuracy loss."""
    beta_start: float | None = option(1.0, gt=0)
    """Weight at the first step (bumpless); None starts the integral at zero."""
    antiwindup: Literal["conditional", "none"] = option("conditional")
    """Whether the integral stops while beta is at a limit."""
    slack: float = option(0.1, ge=0)
    """The automatic target is the base's loss times 1 + slack."""
    aux_weight: float = option(0.2, ge=0)
    """Weight of all objectives but accuracy together (lambda in the paper)."""

    sampler_step: float = option(0.01, gt=0)
    """Step of the adaptive sampler."""
    sampler_floor: float = option(0.1, ge=0, lt=1)
    """A group keeps at least this share of its initial mass."""
    step_rule: Literal["relative", "paper"] = option("relative")
    """Steps in proportion to a group's initial mass, or equal for every group."""
    fair_signal: Literal["loss", "hit", "ndcg"] = option("hit")
    """What marks the worst fairness group on validation."""
    min_group_size: int = option(20, ge=0)
    """Groups with fewer validation rows cannot be the worst."""
    align_k: int | None = option(None, ge=1)
    """List length whose group shares are aligned (unset: k)."""
    dead_band: float = option(1e-3, ge=0)
    """Differences of shares up to this count as aligned."""

    k: int = option(10, ge=1)
    """List length of the validation metrics."""
    min_base_hits: int = option(10, ge=0)
    """A metric enters Imp only if the base has so many validation hits behind it."""
    max_missing: float = option(0.1, ge=0, le=1, moves=False)
    """init-from, candidates: share of the users (or items) that may lack a vector, or a list."""
    keep_state: bool = option(False, moves=False)
    """Keep what --resume needs to train a finished run for more epochs."""
    tries: int = option(0, "Run", ge=0)
    """Try so many settings on validation first and keep the best."""
    tries_at: Literal["own", "equal"] = option("own")
    """Try them at the run's own preference, or at equal wishes (a front: once for all its runs)."""
    seed: int = option(1, "Run", ge=0)
    """Root seed; every use of randomness has its own stream below it."""
    device: Literal["auto", "cpu", "cuda"] = option("auto", "Run", moves=False)
    """Where to compute."""
    threads: int | Literal["auto"] = option(0, "Run", moves=False)
    """CPU threads; 0 follows a fixed rule of the problem's size, auto measures once."""
    batched: Literal["auto", "on", "off"] = option("auto", moves=False)
    """mf, several runs: train them at once as one model (auto: on a GPU)."""
    log_every: int = option(20, ge=1, moves=False)
    """Steps between rows of steps.parquet."""

    @field_validator("threads")
    @classmethod
    def _countable(cls, threads: int | str) -> int | str:
        if isinstance(threads, int) and threads < 0:
            raise Explained(f"--threads {threads} is below 0", "give a number, 0 or auto.")
        return threads

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.beta_min >= self.beta_max:
            raise Explained(f"beta_min {self.beta_min} is not below beta_max {self.beta_max}")
        start = self.beta_start
        if start is not None and not self.beta_min <= start <= self.beta_max:
            raise Explained(f"beta_start {start} is outside beta_min to beta_max")
        return self

    @property
    def max_epochs(self) -> int:
        """Epochs to train at most."""
        if self.epochs is not None:
            return self.epochs
        return 200 if self.method == "base" else 30
