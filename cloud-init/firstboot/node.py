"""Files and commands; in a rehearsal (FIRSTBOOT_ROOT) commands are noted, not run."""

import json
import os
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Dict, List

ROOT = os.environ.get("FIRSTBOOT_ROOT", "")
HOME = "/var/lib/firstboot/"
TEMP = ".firstboot"
would: List[str] = []  # what could not happen in a rehearsal
os.umask(0o077)


# The end of its code, and a cause without secrets.
class Problem(Exception):
    pass


def check(good: object, reason: str, cause: str) -> None:
    if not good:
        raise Problem(reason, cause)


def at(path: str) -> Path:
    return Path(ROOT + path)


def read(path: str) -> bytes:
    return at(path).read_bytes() if at(path).exists() else b""


def text(path: str) -> str:
    return read(path).decode(errors="ignore").strip()


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def beside(path: str) -> Path:
    """Where a file grows, with mode 0600."""
    at(path).parent.mkdir(0o700, True, True)
    return at(path + TEMP)


def settle(path: str, mode: str) -> None:
    """All or nothing, whenever power fails."""
    with open(beside(path), "rb") as file:
        head = file.read(20)
        good = head[:4] != b"\x7fELF" or head[18:] == native
        check(good, "ARCH", f"{path} is for ELF machine {head[18:].hex()}, not {native.hex()}")
        os.fsync(file.fileno())
    beside(path).chmod(int(mode, 8))
    beside(path).replace(at(path))


def write(path: str, content: bytes, mode: str = "0600") -> None:
    beside(path).write_bytes(content)
    settle(path, mode)


def save(name: str, content: object) -> None:
    write(HOME + name, json.dumps(content, sort_keys=True).encode())


def real(*act: str) -> bool:
    if ROOT:
        would.append(" ".join(act))
    return not ROOT


def run(*argv: str) -> str:
    if not real(*argv):
        return ""
    ended = subprocess.run(argv, stdout=-1, stderr=-2, errors="ignore", timeout=300)
    check(not ended.returncode, "", f"{argv}: {ended.stdout}")
    return ended.stdout


manifest = json.loads(read(HOME + "manifest.json"))
# The ELF machine: a rehearsal is of any architecture.
native = {"amd64": b"\x3e\0", "arm64": b"\xb7\0"}[manifest["arch"]]
native = native if ROOT else Path("/proc/self/exe").read_bytes()[18:20]
state: Dict[str, Dict[str, str]] = json.loads(read(HOME + "state.json") or "{}")  # digest of an archive: {path: digest}
