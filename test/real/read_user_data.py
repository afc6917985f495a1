"""Reads user-data as cloud-init does, by cloud-init's own code, and prints what came of it as one JSON document.

Run inside a Debian release's root (test/lab/in-root.sh): python3 read_user_data.py FILE
What cloud-init's write_files module writes lands in that root, and is then read back from there.
"""

import email.message
import grp
import hashlib
import inspect
import json
import logging
import os
import pwd
import stat
import sys
from types import SimpleNamespace

from cloudinit import helpers, user_data, util
from cloudinit.config import cc_write_files


PATHS = helpers.Paths({"cloud_dir": "/tmp/cloud", "run_dir": "/tmp/run"})


def parts_of(blob: bytes) -> "list[email.message.Message]":
    """Decompression, MIME and type detection: what the metadata service's bytes go through first."""
    message = user_data.UserDataProcessor(PATHS).process(blob)
    return [part for part in message.walk() if not part.is_multipart()]


def write_files(config: dict) -> None:
    given = {
        "name": "write_files",
        "cfg": config,
        "cloud": SimpleNamespace(distro=SimpleNamespace(default_owner="root:root"), paths=PATHS),
        "log": logging.getLogger(),
        "args": [],
    }
    wanted = inspect.signature(cc_write_files.handle).parameters
    cc_write_files.handle(**{name: given[name] for name in wanted if name in given})


def describe(path: str) -> dict:
    with open(path, "rb") as file:
        content = file.read()
    status = os.stat(path)
    return {
        "mode": "%04o" % stat.S_IMODE(status.st_mode),
        "owner": pwd.getpwuid(status.st_uid).pw_name + ":" + grp.getgrgid(status.st_gid).gr_name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def main(path: str) -> None:
    with open(path, "rb") as file:
        parts = parts_of(file.read())
    types = [part.get_content_type() for part in parts]
    config = util.load_yaml(parts[0].get_payload(decode=True)) if types == ["text/cloud-config"] else None
    files = {}
    if config:
        write_files(config)
        files = {entry["path"]: describe(entry["path"]) for entry in config.get("write_files", [])}
    json.dump({"types": types, "config": config, "files": files}, sys.stdout)


main(sys.argv[1])
