"""EC2 as a booting machine sees it, on loopback: metadata, S3, a mirror; and a scratch root with a worker's files."""

import contextlib
import hashlib
import hmac
import http.server
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import urlsplit

PROGRAM = pathlib.Path(
    os.environ.get("FIRSTBOOT_PROGRAM") or pathlib.Path(__file__).parents[2] / "cloud-init" / "firstboot"
)
INSTANCE = "i-0123456789abcdef0"
SECRET_KEY = "w" * 40
ARN = f"arn%3Aaws%3Aec2%3Aus-east-1%3A123456789012%3Ainstance/{INSTANCE}"
ROLE = "/latest/meta-data/iam/security-credentials/"
MARK = b"THE-PRIVATE-KEY"
BYTES = random.Random(1).randbytes(3 << 20)
KEY_PATH = "/var/lib/kubelet/kubelet-key.pem"

Answer = Tuple[int, bytes]
# A fault takes the right answer and gives another; a callable that has nothing more to do returns None.
Fault = Callable[[Answer], Optional[Answer]]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def elf(content: bytes, machine: int = 62) -> bytes:
    """A program, to the eye of whoever reads its header; 62 is amd64, 183 arm64."""
    return b"\x7fELF\2\1\1" + bytes(9) + b"\2\0" + machine.to_bytes(2, "little") + content


def tar_of(files: Dict[str, bytes], mode: int = 0o600, kind: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=kind) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.uid = len(content), mode, 4711
            tar.addfile(member, io.BytesIO(content))
    content = out.getvalue()
    return content[:4] + bytes(4) + content[8:] if kind == "w:gz" else content  # without the header's time


def signature(method: str, path: str, headers: Any, secret: str) -> str:
    """Signature Version 4, written from AWS's description and not from the program."""
    scope = headers["authorization"].split("Credential=")[1].split(",")[0].split("/", 1)[1]
    names = headers["authorization"].split("SignedHeaders=")[1].split(",")[0]
    canonical = f"{method}\n{path}\n\n"
    for name in names.split(";"):
        canonical += f"{name}:{headers[name].strip()}\n"
    canonical += f"\n{names}\n{headers['x-amz-content-sha256']}"
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical.encode())])
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Cloud:
    """One worker's view; `faults` are by path, each used until it is spent."""

    def __init__(self) -> None:
        self.requests: List[str] = []
        self.headers: Dict[str, Any] = {}  # of the last request, by path
        self.faults: Dict[str, List[Fault]] = {}
        self.files: Dict[str, bytes] = {}
        self.objects: Dict[str, bytes] = {}
        self.instance, self.address = INSTANCE, "10.0.1.20"
        self.ahead: Optional[float] = 0  # seconds; None: no answer tells the time
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def metadata(self, path: str) -> Answer:
        document = {
            "accountId": "123456789012",
            "architecture": "x86_64",
            "availabilityZone": "us-east-1a",
            "instanceId": self.instance,
            "privateIp": self.address,
            "region": "us-east-1",
        }
        role = {"Code": "Success", "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": SECRET_KEY, "Token": "T0KEN=="}
        pages = {
            "/latest/dynamic/instance-identity/document": json.dumps(document),
            ROLE: "firstboot-worker",
            ROLE + "firstboot-worker": json.dumps(role),
        }
        return (200, pages[path].encode()) if path in pages else (404, b"not found")

    def answer(self, method: str, path: str, headers: Any) -> Answer:
        if path == "/latest/api/token":
            return (
                (200, b"TOKEN") if method == "PUT" and headers["x-aws-ec2-metadata-token-ttl-seconds"] else (405, b"")
            )
        if path.startswith("/latest/"):
            return self.metadata(path) if headers["x-aws-ec2-metadata-token"] == "TOKEN" else (401, b"")
        if path.startswith("/s3/"):
            sent = headers["authorization"] or ""
            good = sent.endswith("Signature=" + signature(method, path, headers, SECRET_KEY)) if sent else False
            # As S3 to a role that may not list: 403, whatever the reason.
            code = b"<Error><Code>AccessDenied</Code></Error>"
            return (200, self.objects[path]) if good and path in self.objects else (403, code)
        return (200, self.files[path]) if path in self.files else (404, b"")

    def handler(self) -> Any:
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self) -> None:
                path = urlsplit(self.path).path
                asked = self.headers["range"] or ""
                cloud.requests.append(f"{self.command} {path} {asked}".strip())
                cloud.headers[path] = self.headers
                status, body = cloud.answer(self.command, path, self.headers)
                faults = cloud.faults.get(path, [])
                while faults:
                    changed = faults[0]((status, body))
                    if changed:
                        status, body = changed
                        break
                    faults.pop(0)
                length = len(body)
                if status == 200 and asked.startswith("bytes=") and asked != "bytes=0-":
                    body, status = body[int(asked[6:-1]) :], 206
                    length = len(body)
                if status == -1:  # promised whole, cut in the middle
                    status, body = 200, body[: length // 2]
                self.send_response(abs(status))
                if status in (302, 307):
                    self.send_header("location", body.decode())
                # A negative status: a body that breaks off.
                framing = ("content-length", str(length)) if status > 0 else ("transfer-encoding", "chunked")
                self.send_header(*framing)
                self.end_headers()
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body)
                self.close_connection = True

            do_GET = do_PUT = reply

            def date_time_string(self, timestamp: Optional[float] = None) -> str:
                return super().date_time_string(time.time() + (cloud.ahead or 0))

            def send_header(self, keyword: str, value: str) -> None:
                if keyword != "Date" or cloud.ahead is not None:
                    super().send_header(keyword, value)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def times(count: int, other: Callable[[Answer], Answer]) -> Fault:
    left = [count]

    def fault(right: Answer) -> Optional[Answer]:
        left[0] -= 1
        return other(right) if left[0] >= 0 else None

    return fault


class Machine:
    """A scratch root as cloud-init leaves it for the boot program."""

    def __init__(self, cloud: Cloud, **changes: Any) -> None:
        self.cloud = cloud
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.public = {
            "/var/lib/kubelet/kubeconfig": b"apiVersion: v1\nclusters: [{cluster: {\n  server: https://10.0.1.10:6443\n}}]\n",
            "/etc/systemd/system/kubelet.service": b"[Service]\n",
        }
        self.secrets = tar_of({KEY_PATH[1:]: MARK + b"\n" * 99})
        kubelet, runc = elf(b"kubelet" + BYTES), elf(b"runc" + BYTES[: 1 << 16])
        self.kubelet = kubelet
        self.redirects: Dict[str, str] = {}
        members = {
            "bin/containerd": elf(BYTES[: 1 << 18]),
            "bin/ctr": b"ctr",
            "./../escape": b"x",
            "/abs": b"x",
            "README": b"x",
        }
        containerd = tar_of(members, 0o4777, "w:gz")
        cloud.files.update({"/bin/kubelet": kubelet, "/bin/runc": runc, "/bin/containerd.tar.gz": containerd})
        cloud.objects[f"/s3/bucket/secrets/from-scratch/{ARN}/x.tar"] = self.secrets
        bucket = "https://bucket.s3.us-east-1.amazonaws.com/"
        own = ARN.replace("123456789012", "{accountId}").replace(INSTANCE, "{instanceId}")
        listing = "".join(f"{path}\0{sha256(content)}\n" for path, content in sorted(self.public.items()))
        self.manifest: Dict[str, Any] = {
            "v": 1,
            "cluster": "from-scratch",
            "worker": "worker-0",
            "privateIp": "10.0.1.20",
            "arch": "amd64",
            "fingerprint": "f" * 64,
            "secrets": {
                "region": "us-east-1",
                "url": f"s3+{bucket}secrets/from-scratch/{own}/x.tar",
                "sha256": sha256(self.secrets),
                "size": len(self.secrets),
            },
            "archive": {KEY_PATH: "0600"},
            "files": {"sha256": sha256(listing.encode()), "paths": sorted(self.public)},
            "folders": {"/var/lib/kubelet": "0700"},
            "certificate": {"notBefore": "2020-01-01T00:00:00Z", "notAfter": "2099-01-01T00:00:00Z"},
            "binaries": [
                {
                    "name": "runc",
                    "urls": ["https://example.org/bin/runc"],
                    "sha256": sha256(runc),
                    "install": "/usr/local/bin/runc",
                },
                {
                    "name": "containerd",
                    "urls": ["https://example.org/bin/containerd.tar.gz"],
                    "sha256": sha256(containerd),
                    "unpack": "/usr/local",
                    "members": ["bin/containerd", "bin/ctr"],
                    "start": "containerd.service",
                },
                {
                    "name": "kubelet",
                    "urls": ["https://example.org/bin/kubelet"],
                    "sha256": sha256(kubelet),
                    "install": "/usr/local/bin/kubelet",
                },
            ],
            "modules": ["overlay", "br_netfilter"],
            "sysctls": "/etc/sysctl.d/60-firstboot.conf",
            "units": ["containerd.service", "kubelet.service"],
            "kubelet": {"kubeconfig": "/var/lib/kubelet/kubeconfig", "dropIns": "/etc/kubernetes/kubelet.conf.d"},
            "proxy": None,
            **changes,
        }
        for path, content in self.public.items():
            self.put(path, content)
        self.remake()
        self.put("/proc/sys/kernel/hostname", b"worker-0\n")
        self.put("/sys/class/dmi/id/product_uuid", b"ec2e1916-9099-7caf-fd21-012345678900\n")
        self.put("/var/lib/firstboot/ready", b"")

    def remake(self) -> None:
        """After a change of the manifest."""
        self.put("/var/lib/firstboot/manifest.json", json.dumps(self.manifest).encode())

    def put(self, path: str, content: bytes) -> None:
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def path(self, path: str) -> pathlib.Path:
        return pathlib.Path(f"{self.root}{path}")

    def start(self, pace: float = 0.05) -> "subprocess.Popen[str]":
        redirects = {
            "http://169.254.169.254": self.cloud.base,
            "https://bucket.s3.us-east-1.amazonaws.com/": self.cloud.base + "/s3/bucket/",
            "https://example.org": self.cloud.base,
            "https://dead.example.org": "http://127.0.0.1:9",
            **self.redirects,
        }
        environment = {
            "FIRSTBOOT_ROOT": str(self.root),
            "FIRSTBOOT_REDIRECT": json.dumps(redirects),
            "FIRSTBOOT_PACE": str(pace),
        }
        argv = [sys.executable, "-I", "-B", str(PROGRAM)]
        return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def boot(self, pace: float = 0.05) -> int:
        process = self.start(pace)
        self.output, _ = process.communicate(timeout=300)
        return process.returncode

    @property
    def lines(self) -> List[Dict[str, Any]]:
        return [json.loads(line[11:]) for line in self.output.splitlines() if line.startswith("firstboot: ")]

    @property
    def report(self) -> Dict[str, Any]:
        return json.loads(self.path("/var/lib/firstboot/report.json").read_bytes())

    @property
    def commands(self) -> List[str]:
        """All that could not happen, in the order of the phases."""
        return [act for entry in self.report["phases"] for act in entry.get("would", [])]

    def tree(self) -> Dict[str, Tuple[int, str]]:
        """Every file but what tells of the run itself."""
        own = ("report.json", "ready")
        files = [file for file in self.root.rglob("*") if file.is_file() and file.name not in own]
        return {
            str(file.relative_to(self.root)): (file.stat().st_mode & 0o7777, sha256(file.read_bytes()))
            for file in files
        }
