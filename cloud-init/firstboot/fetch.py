"""Instance metadata, S3, mirrors."""

import hmac
import json
import os
import re
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import sha256
from http.client import HTTPException
from ssl import SSLContext, VerifyFlags, create_default_context
from typing import Any, Dict, List, Set
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from node import Problem, check, digest, manifest, text

silent: Set[str] = set()  # hosts that did not answer
offsets: List[float] = []  # the time of day by metadata, at the kernel's start
proxy = manifest.get("proxy")
if proxy:
    os.environ.update(https_proxy=proxy["https"], no_proxy=",".join(proxy["noProxy"]))
redirects = json.loads(os.environ.get("FIRSTBOOT_REDIRECT", "{}"))
for found in re.findall(r"firstboot\.redirect=(.*?)\0", text("/sys/firmware/dmi/tables/DMI")):
    redirects.update(json.loads(found))


@lru_cache(None)
def trust(authority: Any = None) -> SSLContext:
    """As Go, not as Python 3.13: any anchor will do."""
    context = create_default_context(cafile=authority)
    context.verify_flags = VerifyFlags(0x80000)
    return context


def get(url: str, headers: Dict[str, str] = {}, method: str = "GET") -> Any:
    """s3+https:// is signed; the signature goes nowhere else."""
    signed, url = url.startswith("s3+"), url.removeprefix("s3+")
    for start in redirects:
        if url.startswith(start):
            url = redirects[start] + url[len(start) :]
    request = Request(url, None, headers, method=method)
    if signed:
        request.unredirected_hdrs = sign(url)
    return urlopen(request, timeout=10, context=trust() if url.startswith("https:") else None)


def imds(path: str) -> str:
    base, name = "http://169.254.169.254/latest/", "X-aws-ec2-metadata-token"
    token = get(base + "api/token", {name + "-ttl-seconds": "60"}, "PUT").read().decode()
    answer = get(base + path, {name: token})
    for date in answer.headers.get_all("date", []):
        offsets[:] = [parsedate_to_datetime(date).timestamp() - time.monotonic()]
    return answer.read().decode()


def role() -> Dict[str, str]:
    path = "meta-data/iam/security-credentials/"
    try:
        found = json.loads(imds(path + imds(path)))
    except HTTPError as error:
        check(error.code != 404, "", "no instance profile yet")
        raise
    check("Token" in found, "", f"no credentials: {found}")
    return found


def sign(url: str) -> Dict[str, str]:
    """AWS Signature Version 4."""
    credentials = role()
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    host, path = url.split("/", 3)[2:]
    payload = "UNSIGNED-PAYLOAD"
    token = credentials["Token"]
    headers = {"host": host, "x-amz-content-sha256": payload, "x-amz-date": now, "x-amz-security-token": token}
    names = ";".join(headers)
    lines = "\n".join(["GET", "/" + path, "", *map(":".join, headers.items()), "", names, payload])
    scope = f"{now[:8]}/{manifest['secrets']['region']}/s3/aws4_request"
    key = b"AWS4" + credentials["SecretAccessKey"].encode()
    for part in *scope.split("/"), f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest(lines.encode())}":
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"AWS4-HMAC-SHA256 Credential={credentials['AccessKeyId']}/{scope}"
    return {**headers, "authorization": f"{credential},SignedHeaders={names},Signature={key.hex()}"}


def host_of(url: str) -> str:
    return url.split("/")[2].split("@")[-1]


def why(error: HTTPError) -> str:
    """S3 tells in XML."""
    with suppress(OSError, HTTPException):
        return " ".join(re.findall("<(?:Code|Message)>(.*?)<", error.read(4096).decode(errors="ignore")))
    return ""


def obtain(urls: List[str], wanted: str, size: float, part: Any) -> None:
    """Into a file that keeps what came: one mirror goes on where another, or an earlier run, stopped."""
    problem = Problem("", "")
    for url in sorted(urls, key=lambda url: host_of(url) in silent):
        host = host_of(url)
        found = sha256()
        part.seek(0)
        while chunk := part.read(1 << 18):
            found.update(chunk)
        if found.hexdigest() == wanted:
            return
        try:
            with get(url, {"Range": f"bytes={part.tell()}-"}) as answer:
                if answer.status != 206:
                    found = sha256()
                    part.truncate(part.seek(0))
                while part.tell() <= size and (chunk := answer.read(1 << 18)):
                    part.write(chunk)
                    found.update(chunk)
            if answer.length and part.tell() <= size:
                raise OSError("cut off")
            if found.hexdigest() == wanted:
                return
            problem = Problem("DIGEST", f"{host}: {part.tell()} bytes of SHA-256 {found.hexdigest()}")
            part.truncate(part.seek(0))
        except HTTPError as error:
            problem = Problem("", f"{host}: {error} {why(error)}")
            if error.code == 416:
                part.truncate(part.seek(0))
        except (OSError, HTTPException) as error:
            # Not a mirror's fault: 27 EFBIG, 28 ENOSPC, and others of files.
            check("[Errno 2" not in str(error), "", str(error))
            problem = Problem("", f"{host}: {error!r}")
            silent.add(host)
    raise problem
