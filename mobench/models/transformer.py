"""The transformer of SASRec: causal, with padding on the left that changes nothing."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobench.config import TrainConfig
from mobench.models.dropout import dropout

INIT_STD = 0.02
EPS = 1e-8  # of the layer norms: embeddings start so small that 1e-5 would matter


class Block(nn.Module):
    """Attention and a two-layer network, each with dropout, a short cut and a layer norm.

    The activation is ReLU, as in the paper; on a CPU it takes a third of the time of GELU. Dropout
    acts on what the sub-layers give, not on the attention weights: the fused attention kernels
    know none on a CPU.

    Args:
        config: Width, heads, inner size, dropout, and where the layer norms stand.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        width = config.embedding_size
        inner = config.inner_size or 4 * width
        self.heads, self.dropout, self.pre = config.n_heads, config.dropout, config.norm == "pre"
        self.norm_attention, self.norm_inner = (nn.LayerNorm(width, EPS) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor, mask: Tensor, *, last: bool) -> Tensor:
        """Return the block's output for ``x [B, T, D]``; only the last position if ``last``.

        Args:
            x: Input.
            mask: Which position sees which, ``[B, 1, T, T]`` bool.
            last: Compute ``[B, 1, D]``; all that the end of the window needs from the last block.
        """
        seen = self.norm_attention(x) if self.pre else x
        if last:
            x, mask = x[:, -1:], mask[:, :, -1:]
        x = x + self._drop(self._attend(seen, mask, x.shape[1]))
        if not self.pre:
            x = self.norm_attention(x)
        inner = self.norm_inner(x) if self.pre else x
        x = x + self._drop(self.down(F.relu(self.up(inner))))
        out: Tensor = x if self.pre else self.norm_inner(x)
        return out

    def _attend(self, x: Tensor, mask: Tensor, n_queries: int) -> Tensor:
        """Return the attention of the last ``n_queries`` positions over all of ``x [B, T, D]``."""
        n, length, width = x.shape
        parts = self.qkv(x).view(n, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q[:, :, -n_queries:], k, v, attn_mask=mask)
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(n, n_queries, width))
        return out

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.dropout, training=self.training)


class Transformer(nn.Module):
    """Turns embedded histories into states.

    Args:
        config: Its shape.
        generator: Where initial weights come from, N(0, 0.02²); biases start at 0.
    """

    def __init__(self, config: TrainConfig, generator: torch.Generator) -> None:
        super().__init__()
        width = config.embedding_size
        self.dropout = config.dropout
        self.positions = nn.Parameter(torch.empty(config.max_length, width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_blocks))
        self.norm = nn.LayerNorm(width, EPS)  # pre: of the output; post: of the input
        self.pre = config.norm == "pre"
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=INIT_STD, generator=generator)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor, there: Tensor, *, last: bool) -> Tensor:
        """Return the state after each item.

        Args:
            x: Embedded histories, ``[B, T, D]``; T up to ``max_length``.
            there: False where padded, ``[B, T]``.
            last: Return the last position alone, ``[B, 1, D]``.
        """
        length = x.shape[1]
        x = x + self.positions[len(self.positions) - length :]
        if not self.pre:
            x = self.norm(x)
        x = dropout(x, self.dropout, training=self.training)
        mask = visible(there)
        for index, block in enumerate(self.blocks):
            x = block(x, mask, last=last and index == len(self.blocks) - 1)
        return self.norm(x) if self.pre else x


def visible(there: Tensor) -> Tensor:
    """Return which position sees which, ``[B, 1, T, T]`` bool, for ``there [B, T]``.

    A position sees the items up to its own. Itself it sees also where it is padded: attention over
    nothing would be NaN.
    """
    length = there.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=there.device).tril()
    itself = torch.eye(length, dtype=torch.bool, device=there.device)
    return ((causal & there.unsqueeze(1)) | itself).unsqueeze(1)
