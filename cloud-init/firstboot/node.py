"""Files and commands; in a rehearsal (FIRSTBOOT_ROOT) commands are noted."""

import json
import os
import subprocess
from hashlib import sha256
from pathlib import Path

ROOT = os.environ.get("FIRSTBOOT_ROOT", "")
HOME = "/var/lib/firstboot/"
os.umask(0o077)


class Problem(Exception):
    """The end of its code, and a cause without secrets."""


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


def write(path: str, content: bytes, mode: str = "0600") -> None:
    """All or nothing, whenever power fails."""
    temp = at(path + ".firstboot")
    temp.parent.mkdir(0o700, True, True)
    with open(temp, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temp.chmod(int(mode, 8))
    temp.replace(at(path))


def save(name: str, content: dict) -> None:
    write(HOME + name, json.dumps(content, sort_keys=True).encode())


def run(*argv: str) -> str:
    if ROOT:
        with open(at(HOME + "commands"), "a") as file:
            print(*argv, file=file)
        return ""
    ended = subprocess.run(argv, stdout=-1, stderr=-2, errors="replace")
    check(not ended.returncode, "", f"{argv}: {ended.stdout}")
    return ended.stdout


manifest = json.loads(read(HOME + "manifest.json"))
state = json.loads(read(HOME + "state.json") or "{}")  # digest of an archive: {path: digest}
