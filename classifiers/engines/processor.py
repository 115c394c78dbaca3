"""What the processor at hand can do, as far as 8-bit products depend on it."""

import functools
import os
import platform
from pathlib import Path


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def weight_bits(described: Path = Path("/proc/cpuinfo")) -> int:
    """Bits of a weight that 8-bit products can take without overflow: 8, or 7.

    Notes
    -----
    Without the VNNI instructions, x86 processors add two products of an unsigned and a signed byte in 16 bits, which
    saturates at full range; with weights of 7 bits it cannot. A processor that does not tell is taken for such a one.
    """
    if platform.machine().lower() in ("arm64", "aarch64"):
        return 8
    try:
        text = described.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 7
    return 8 if {"avx512_vnni", "avx_vnni"} & set(text.split()) else 7
