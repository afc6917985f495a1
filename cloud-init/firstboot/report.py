"""The console's lines, and report.json."""

import json
import os
import re
import time
from contextlib import suppress
from typing import Any, Callable, Dict, List

from node import HOME, ROOT, Problem, at, manifest, read, run, save, text, would

PACE = float(os.environ.get("FIRSTBOOT_PACE", 1))
report: Dict[str, Any] = {
    "v": 1,
    "worker": manifest["worker"],
    "systemUuid": text("/sys/class/dmi/id/product_uuid"),
    "digest": manifest["secrets"]["sha256"],
    "fingerprint": manifest["fingerprint"],
    "attempts": json.loads(read(HOME + "report.json") or "{}").get("attempts", 0) + 1,
    "rehearsal": bool(ROOT),
    "phases": [],
}


def say(entry: Dict[str, Any], **more: object) -> None:
    end = round(time.monotonic(), 2)
    entry.update(more, end=end)
    if ROOT:
        entry["would"] = would[:]
    line = {"v": 1, "worker": report["worker"], "phase": entry["phase"], **more, "t": end, "attempt": entry["attempts"]}
    told = f"firstboot: {json.dumps(line)}\n"
    print(told, end="", flush=True)
    with suppress(OSError):
        at("/dev/console").write_text(told)
    with suppress(OSError):
        save("report.json", report)


def journal(cause: str) -> List[str]:
    """The last lines, newest first, of the unit that the cause names; else of all."""
    with suppress(Exception):
        units = [unit for unit in manifest["units"] if unit in cause] or manifest["units"]
        fields = ["_SYSTEMD_UNIT=" + unit for unit in units]
        return run("journalctl", "-b", "-qn9", "-ocat", *fields).splitlines()[::-1]
    return []


def phase(work: Callable[[], Any]) -> None:
    """Tries until patience ends, three times at least; then systemd starts us anew."""
    name, start = work.__name__, time.monotonic()
    patience = {"identify": 60, "clock": 120}.get(name, 900) * PACE
    entry: Dict[str, Any] = {"phase": name, "start": round(start, 2), "attempts": 1}
    report["phases"].append(entry)
    say(entry, status="start")
    while entry["status"] != "ok":
        would.clear()
        try:
            say(entry, **work() or {}, status="ok")
        except Exception as error:
            reason, cause = error.args if isinstance(error, Problem) else ("", repr(error))
            lines = [cause, *journal(cause)]
            # Addresses, queries and PEM may hold credentials.
            entry["detail"] = lines = [re.sub(r"//\S+@|\?\S+|-----.*|\w{64}\.tar", "***", line)[:300] for line in lines]
            failed = time.monotonic() - start > patience and entry["attempts"] > 2
            code = f"BOOT_{name}_{reason}".upper().strip("_")
            say(entry, status="failed" if failed else "retry", code=code, cause=": ".join(lines[:2]))
            if failed:
                raise SystemExit(1)
            time.sleep(min(patience / 30, 2 ** entry["attempts"] / 2 * PACE))
            entry["attempts"] += 1
