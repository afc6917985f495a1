"""The console's lines, and report.json."""

import json
import os
import re
from contextlib import suppress
from time import monotonic, sleep
from typing import Callable

from node import HOME, Problem, at, manifest, read, run, save, text

PACE = float(os.environ.get("FIRSTBOOT_PACE", 1))
report = {
    "v": 1,
    "worker": manifest["worker"],
    "systemUuid": text("/sys/class/dmi/id/product_uuid"),
    "digest": manifest["secrets"]["sha256"],
    "fingerprint": manifest["fingerprint"],
    "attempts": json.loads(read(HOME + "report.json") or "{}").get("attempts", 0) + 1,
    "phases": [],
}


def say(entry: dict, **more: object) -> None:
    end = round(monotonic(), 2)
    entry.update(more, end=end)
    line = {"v": 1, "worker": report["worker"], "phase": entry["phase"], **more, "t": end, "attempt": entry["attempts"]}
    print("firstboot:", json.dumps(line), flush=True)
    with suppress(OSError):
        at("/dev/console").write_text(f"firstboot: {json.dumps(line)}\n")
    with suppress(OSError):
        save("report.json", report)


def phase(work: Callable) -> None:
    """Tries until patience ends; then systemd starts us anew."""
    name, start = work.__name__, monotonic()
    patience = {"identify": 60, "clock": 120}.get(name, 900) * PACE
    entry: dict = {"phase": name, "start": round(start, 2), "attempts": 1}
    report["phases"].append(entry)
    say(entry, status="start")
    while entry["status"] != "ok":
        try:
            say(entry, **work() or {}, status="ok")
        except Exception as error:
            reason, cause = error.args if isinstance(error, Problem) else ("", repr(error))
            lines = [cause]
            with suppress(OSError, Problem):
                units = ["_SYSTEMD_UNIT=" + unit for unit in manifest["units"]]
                lines += run("journalctl", "-b", "-qn9", "-ocat", *units).splitlines()[::-1]
            # Addresses, queries and PEM may hold credentials.
            entry["detail"] = lines = [re.sub(r"//\S+@|\?\S+|-----.*", "***", line)[:300] for line in lines]
            failed = monotonic() - start > patience
            code = f"BOOT_{name}_{reason}".upper().strip("_")
            say(entry, status="failed" if failed else "retry", code=code, cause=": ".join(lines[:2]))
            if failed:
                raise SystemExit(1)
            sleep(min(patience / 30, 2 ** entry["attempts"] / 2 * PACE))
            entry["attempts"] += 1
