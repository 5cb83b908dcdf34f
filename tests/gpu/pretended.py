"""A pytest plugin: torch with a CUDA device that only pretends (``pretended.cpp``).

``MOBENCH_PRETENDED`` names the compiled library. It is loaded before torch reads what there is.
"""

import ctypes
import os
from typing import Any

ctypes.CDLL(os.environ["MOBENCH_PRETENDED"], ctypes.RTLD_GLOBAL)

import torch  # noqa: E402

OURS = torch.ops.pretended
DEFAULT = OURS.numbers()


def _replace(place: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(place, name, value)


_replace(
    torch.cuda,
    _lazy_init=lambda: None,
    current_device=lambda: 0,
    default_generators=(DEFAULT,),
    device_count=lambda: 1,
    get_device_name=lambda device=None: "pretended",
    get_rng_state=lambda device="cuda": DEFAULT.get_state(),
    is_available=lambda: True,
    is_bf16_supported=lambda including_emulation=True: True,
    is_initialized=lambda: True,
    manual_seed=lambda seed: DEFAULT.manual_seed(seed),
    manual_seed_all=lambda seed: DEFAULT.manual_seed(seed),
    mem_get_info=lambda device=None: (1 << 33, 1 << 33),
    set_rng_state=lambda state, device="cuda": DEFAULT.set_state(state),
    set_sync_debug_mode=lambda mode: OURS.refuse_waits(mode == "error"),
    synchronize=lambda device=None: None,
)
_replace(torch.Tensor, pin_memory=lambda self: self)
