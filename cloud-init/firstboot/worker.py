"""The phases."""

import io
import json
import os
import re
import socket
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Iterator

from fetch import get, imds, obtain, trust
from node import HOME, ROOT, at, check, digest, manifest, read, run, save, state, text, write
from report import report

machine: dict = {}  # as EC2 knows it
unpacked: dict = {}  # the secrets
kubelet, secret = manifest["kubelet"], manifest["secrets"]


def whole() -> bool:
    lines = [f"{path}\0{digest(read(path))}\n" for path in sorted(manifest["files"]["modes"])]
    return digest("".join(lines).encode()) == manifest["files"]["sha256"]


def intact(files: dict) -> bool:
    return bool(files) and all(digest(read(path)) == files[path] for path in files)


def unpack(content: bytes, folder: str, members: list) -> Iterator:
    """Regular files; owner and mode are ours."""
    missing = set(members)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for member in tar:
            name = os.path.normpath(member.name)
            file = member.isfile() and tar.extractfile(member)
            if file and name[0] not in "/." and name in (members or [name]):
                missing -= {name}
                yield f"{folder}/{name}", file.read()
    check(not missing, "CONTENT", f"no {missing}")


def identify() -> None:
    machine.update(json.loads(imds("dynamic/instance-identity/document")))
    me = report["instanceId"] = machine["instanceId"]
    # "ready": cloud-init wrote all, on this instance. An image of a worker has none.
    ready, known = at(HOME + "ready"), text(HOME + "instance")
    check(ready.exists() or known == me, "INSTANCE", f"an image of {known}")
    check(machine["privateIp"] == manifest["privateIp"], "ADDRESS", machine["privateIp"])
    name = text("/proc/sys/kernel/hostname")
    check(name == manifest["worker"], "HOSTNAME", name)
    if not whole():
        run("cloud-init", "single", "--name", "write_files", "--frequency", "always")
        check(whole(), "FILES", "not as compiled")
    os.sync()
    if manifest.get("trust"):
        run("update-ca-certificates")
    run("systemctl", "enable", "--no-reload", "firstboot.service")
    write(HOME + "instance", f"{me}\n".encode())
    ready.unlink(missing_ok=True)


def clock() -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    valid = manifest["certificate"]
    check(not valid or valid["notBefore"] < now < valid["notAfter"], "", f"{now} is not in {valid}")


def secrets() -> None:
    key = secret["sha256"]
    if not intact(state.get(key, {})):
        content = obtain([secret["url"].format(**machine)], key)
        unpacked.update(unpack(content, "", [path[1:] for path in manifest["archive"]]))


def place(binary: dict) -> None:
    key, folder = binary["sha256"], binary.get("unpack")
    known = {f"{folder}/{name}": found for name, found in binary.get("files", {}).items()} or state.get(key, {})
    if not folder:
        known = {binary["install"]: key}
    if not intact(known):
        content = obtain(binary["urls"], key)
        files = unpack(content, folder, binary.get("members", [])) if folder else [(binary["install"], content)]
        known, listed = {}, known
        for path, content in files:
            write(path, content)
            known[path] = listed.get(path) or digest(content)
    for path in known:
        at(path).chmod(0o755)
    state[key] = known


def binaries() -> None:
    with ThreadPoolExecutor(4) as pool:
        pool.submit(run, "systemctl", "daemon-reload")
        for binary, _ in zip(manifest["binaries"], pool.map(place, manifest["binaries"])):
            if "start" in binary:  # while others come
                run("systemctl", "start", "--no-block", binary["start"])


def install() -> None:
    for path, mode in manifest["folders"].items():
        at(path).mkdir(0o700, True, True)
        at(path).chmod(int(mode, 8))
    for path, content in unpacked.items():
        write(path, content, manifest["archive"][path])
        state.setdefault(secret["sha256"], {})[path] = digest(content)
    save("state.json", state)


def kernel() -> None:
    for module in manifest["modules"]:
        run("modprobe", module)
    run("sysctl", "-qp", manifest["sysctls"] or "/dev/null")
    if not manifest.get("swap"):
        run("swapoff", "-a")


def provider() -> str:
    return "aws:///{availabilityZone}/{instanceId}".format(**machine)


def units() -> None:
    for unit in manifest["units"]:
        if kubelet:
            resolver = "/run/systemd/resolve/resolv.conf"  # may come up only now
            conf = f"""apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
providerID: {provider()}
resolvConf: {resolver if read(resolver) else "/etc/resolv.conf"}
"""
            write(kubelet["dropIns"] + "/10-node.conf", conf.encode())
        run("systemctl", "start", unit)


def health() -> None:
    for unit in manifest["units"]:
        run("systemctl", "is-active", unit)
    if kubelet and not ROOT:
        socket.socket(socket.AF_UNIX).connect("/run/containerd/containerd.sock")
        get(kubelet.get("healthz", "http://127.0.0.1:10248/healthz"))


def registered() -> None:
    """By the kubelet's kubeconfig."""
    if kubelet and not ROOT:
        conf = dict(re.findall("([a-z-]+): (.+)", text(kubelet["kubeconfig"])))
        context = trust(conf["certificate-authority"])
        context.load_cert_chain(conf["client-certificate"], conf["client-key"])
        context.check_hostname = "tls-server-name" not in conf
        node = json.load(get(f"{conf['server']}/api/v1/nodes/{manifest['worker']}", context=context))
        found = node["spec"].get("providerID")
        check(found == provider(), "OTHER", f"the Node is of {found}")


def done() -> dict:
    return {name: report[name] for name in ("instanceId", "systemUuid", "digest", "fingerprint")}
