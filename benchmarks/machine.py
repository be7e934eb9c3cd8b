"""The machine that a figure was measured on."""

import os
import platform
from pathlib import Path


def machine() -> dict[str, str | int]:
    """Processor, cores that may be used, memory, system, Python."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def machine_line() -> str:
    """The same in one line, with the load there was."""
    it = machine()
    return (
        f"{it['processor']}, {it['cores']} cores, {it['memory_gib']} GiB, {it['system']}, Python {it['python']}; "
        f"load average at the start {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
