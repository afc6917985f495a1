"""The phases."""

import io
import json
import os
import re
import socket
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from ssl import SSLContext
from typing import IO, Any, Dict, Iterator, List, Optional, Tuple
from urllib.request import urlopen

from fetch import get, imds, obtain, offsets, role, trust
from node import HOME, TEMP, at, beside, check, digest, manifest, read, real, run, save, settle, state, text, write
from report import report

machine: Dict[str, str] = {}  # as EC2 knows it
unpacked: Dict[str, bytes] = {}  # the secrets
kubelet, secret = manifest["kubelet"], manifest["secrets"]


def whole() -> bool:
    lines = [f"{path}\0{digest(read(path))}\n" for path in manifest["files"]["paths"]]
    return digest("".join(lines).encode()).startswith(manifest["files"]["sha256"])


def intact(files: Dict[str, str]) -> bool:
    return bool(files) and all(digest(read(path)) == files[path] for path in files)


def unpack(archive: IO[bytes], members: List[str]) -> Iterator[Tuple[str, Any]]:
    """Regular files; owner and mode are ours."""
    missing = set(members)
    archive.seek(0)
    with tarfile.open(None, "r|*", archive, 1 << 20) as tar:
        for member in tar:
            name = os.path.normpath(member.name)
            if member.isfile() and name[0] not in "/." and name in (members or [name]):
                missing -= {name}
                yield name, tar.extractfile(member)
    check(not missing, "CONTENT", f"no {missing}")


def identify() -> Dict[str, str]:
    machine.update(json.loads(imds("dynamic/instance-identity/document")))
    me = report["instanceId"] = machine["instanceId"]
    machine["provider"] = f"aws:///{machine['availabilityZone']}/{me}"
    # "ready": cloud-init wrote all, on this instance. An image of a worker has none.
    ready, known = at(HOME + "ready"), text(HOME + "instance")
    check(ready.exists() or known == me, "INSTANCE", f"an image of {known}")
    check(machine["privateIp"] == manifest["privateIp"], "ADDRESS", machine["privateIp"])
    name = text("/proc/sys/kernel/hostname")
    check(name == manifest["worker"], "HOSTNAME", name)
    if not whole():
        run("cloud-init", "single", "--name", "write_files", "--frequency", "always")
        check(whole(), "FILES", "not as compiled")
    if not installed() and "s3+" in secret["url"]:
        role()
    os.sync()
    if manifest.get("trust"):
        run("update-ca-certificates")
    run("systemctl", "enable", "--no-reload", "firstboot.service")
    write(HOME + "instance", f"{me}\n".encode())
    ready.unlink(missing_ok=True)
    return done()


def clock() -> None:
    """Of metadata's time, S3 would forgive 900 s."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    valid = manifest["certificate"]
    check(not valid or valid["notBefore"] < now < valid["notAfter"], "", f"{now} is not in {valid}")
    for offset in offsets:
        ahead = int(time.time() - time.monotonic() - offset)
        check(abs(ahead) < 300, "", f"{now} is {ahead} s ahead of metadata")


def installed() -> bool:
    return intact(state.get(secret["sha256"], {}))


def secrets() -> None:
    if not installed():
        part = io.BytesIO()
        obtain([secret["url"].format(**machine)], secret["sha256"], secret["size"], part)
        for name, file in unpack(part, [path[1:] for path in manifest["archive"]]):
            unpacked["/" + name] = file.read()


def spill(file: IO[bytes], path: str, known: Optional[str]) -> str:
    found = sha256()
    with open(beside(path), "wb") as grows:
        while chunk := file.read(1 << 20):
            grows.write(chunk)
            if not known:
                found.update(chunk)
    return known or found.hexdigest()


def place(binary: Dict[str, Any]) -> None:
    key, folder = binary["sha256"], binary.get("unpack")
    known = {f"{folder}/{name}": found for name, found in binary.get("files", {}).items()} or state.get(key, {})
    if not folder:
        known = {binary["install"]: key}
    if not intact(known):
        grows = beside(HOME + key if folder else binary["install"])
        with open(grows, "a+b") as part:
            obtain(binary["urls"], key, binary.get("size", 1e12), part)
            if folder:
                known, listed = {}, known
                for name, file in unpack(part, binary.get("members", [])):
                    path = f"{folder}/{name}"
                    known[path] = spill(file, path, listed.get(path))
        for path in known:
            settle(path, "0755")
        if folder:
            grows.unlink()
    for path in known:
        at(path).chmod(0o755)
    state[key] = known


def binaries() -> None:
    with ThreadPoolExecutor(4) as pool:
        pool.submit(run, "systemctl", "daemon-reload")
        for binary, _ in zip(manifest["binaries"], pool.map(place, manifest["binaries"])):
            save("state.json", state)
            if "start" in binary:  # while others come
                run("systemctl", "start", "--no-block", binary["start"])
    for one in at(HOME).glob("*" + TEMP):
        one.unlink()


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


def units() -> None:
    for unit in manifest["units"]:
        if kubelet:
            resolver = "/run/systemd/resolve/resolv.conf"  # may come up only now
            resolver = resolver if read(resolver) else "/etc/resolv.conf"
            conf = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
            conf += f"providerID: {machine['provider']}\nresolvConf: {resolver}\n"
            write(kubelet["dropIns"] + "/10-node.conf", conf.encode())
        run("systemctl", "start", unit)


def health() -> None:
    for unit in manifest["units"]:
        run("systemctl", "is-active", unit)
    if kubelet:
        path = kubelet.get("socket", "/run/containerd/containerd.sock")
        if real("connect", path):
            with socket.socket(socket.AF_UNIX) as there:
                there.connect(path)
        url = kubelet.get("healthz", "http://127.0.0.1:10248/healthz")
        if real("GET", url):
            get(url)


def registered() -> None:
    """As the kubelet asks, by its kubeconfig."""
    if kubelet:
        conf = dict(re.findall(r'([a-z-]+): "?(.+?)"?$', text(kubelet["kubeconfig"]), re.M))
        url = f"{conf['server']}/api/v1/nodes/{manifest['worker']}"
        # The standard library cannot ask through other proxies.
        if conf.get("proxy-url", "http:").startswith("http:") and real("GET", url):
            context: Any = trust(conf["certificate-authority"])
            context.load_cert_chain(conf["client-certificate"], conf["client-key"])
            name = conf.get("tls-server-name")
            if name:
                context.wrap_socket = lambda plain, **_: SSLContext.wrap_socket(context, plain, server_hostname=name)
            if "proxy-url" in conf:
                os.environ.update(https_proxy=conf["proxy-url"], no_proxy="")
            node = json.load(urlopen(url, timeout=10, context=context))
            found = node["spec"].get("providerID")
            check(found == machine["provider"], "OTHER", f"the Node is of {found}")
            found = [one["address"] for one in node["status"].get("addresses", []) if one["type"] == "InternalIP"]
            mine = manifest["privateIp"]
            check(mine in (found or mine), "ADDRESS", f"the Node has {found}, not {mine}")


def done() -> Dict[str, str]:
    return {name: report[name] for name in ("instanceId", "systemUuid", "digest", "fingerprint")}
