"""What a scratch root cannot show: commands that fail, the journal, and the question to the api-server."""

import contextlib
import http.server
import io
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from typing import Any, Dict, List, Optional
from unittest import mock
from urllib.request import getproxies, proxy_bypass

from cloud import INSTANCE, PROGRAM, Cloud, Machine

MODULES = ("worker", "report", "fetch", "node")
EXTENSIONS = "subjectAltName=IP:127.0.0.1,DNS:other.example.org\n"


def openssl(folder: pathlib.Path, *argv: str) -> None:
    subprocess.run(["openssl", *argv], cwd=folder, check=True, capture_output=True)


def issue(folder: pathlib.Path) -> None:
    """A CA as Go accepts it and Python 3.13's strict mode does not: no key usage, no key identifiers."""
    (folder / "conf").write_text("[req]\ndistinguished_name=n\n[n]\n[ca]\nbasicConstraints=CA:TRUE\n")
    (folder / "extensions").write_text(EXTENSIONS)
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "conf")
    openssl(folder, "req", "-x509", *new, "-extensions", "ca", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    openssl(folder, "req", *new, "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/CN=system:node:worker-0")
    openssl(
        folder,
        "x509",
        "-req",
        "-in",
        "tls.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        "tls.pem",
        "-extfile",
        "extensions",
    )


class ApiServer:
    def __init__(self, folder: pathlib.Path, nodes: Dict[str, Any]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1]
                body = json.dumps(nodes.get(name, {"kind": "Status"})).encode()
                self.send_response(200 if name in nodes else 404)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"https://127.0.0.1:{self.server.server_port}"


class NodeCase(unittest.TestCase):
    def setUp(self) -> None:
        cloud = Cloud()
        self.addCleanup(cloud.close)
        self.machine = Machine(cloud)
        self.addCleanup(self.machine.folder.cleanup)
        environment = {"FIRSTBOOT_ROOT": str(self.machine.root), "FIRSTBOOT_PACE": "0.0001"}
        self.enterContextOf(mock.patch.dict(os.environ, environment))
        self.enterContextOf(mock.patch.object(sys, "path", [str(PROGRAM), *sys.path]))
        self.enterContextOf(mock.patch.object(sys, "dont_write_bytecode", True))
        for name in MODULES:
            sys.modules.pop(name, None)
        mask = os.umask(0o022)
        self.addCleanup(os.umask, mask)
        import node
        import report
        import worker

        self.node: Any = node
        self.report: Any = report
        self.worker: Any = worker
        worker.machine.update(instanceId=INSTANCE, availabilityZone="us-east-1a")

    def enterContextOf(self, manager: Any) -> None:
        manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)


class Commands(NodeCase):
    def fail(self, journal: Optional[str]) -> List[Dict[str, Any]]:  # type: ignore[override]
        """Lines of a units phase in which the kubelet does not start."""

        def run(argv: List[str], **_: Any) -> "subprocess.CompletedProcess[str]":
            if argv[0] == "journalctl":
                return subprocess.CompletedProcess(argv, int(journal is None), journal)
            return subprocess.CompletedProcess(argv, int("kubelet.service" in argv), "Job for kubelet.service failed.")

        out = io.StringIO()
        home = self.node.HOME
        self.node.HOME = self.report.HOME = self.node.ROOT + home
        self.node.ROOT = ""
        self.report.at = self.machine.path  # no console
        self.worker.kubelet = None
        with mock.patch.object(subprocess, "run", run), contextlib.redirect_stdout(out), self.assertRaises(SystemExit):
            self.report.phase(self.worker.units)
        self.detail = self.report.report["phases"][-1]["detail"]
        return [json.loads(line[11:]) for line in out.getvalue().splitlines()]

    def test_the_journal_is_in_the_report_the_cause_first(self) -> None:
        line = self.fail("starting\nfailed to load kubelet config\n")[-1]
        self.assertEqual(("units", "failed", "BOOT_UNITS"), (line["phase"], line["status"], line["code"]))
        self.assertIn("Job for kubelet.service failed.: failed to load kubelet config", line["cause"])
        self.assertEqual(["failed to load kubelet config", "starting"], self.detail[1:])

    def test_credentials_in_a_journal_are_not_told(self) -> None:
        journal = "pull https://me:pass@example.org/v2?token=abc failed\n-----BEGIN PRIVATE KEY----- xyz\n"
        text = json.dumps([self.fail(journal), self.detail])
        for secret in ("pass", "abc", "xyz", "me:"):
            self.assertNotIn(secret, text)

    def test_a_machine_without_a_journal(self) -> None:
        self.assertEqual("BOOT_UNITS", self.fail(None)[-1]["code"])

    def test_a_full_disk(self) -> None:
        """It is told on the console, where report.json cannot be written either."""
        full = OSError(28, "No space left on device")
        out = io.StringIO()
        with mock.patch.object(self.report, "save", side_effect=full), contextlib.redirect_stdout(out):
            with mock.patch.object(self.worker, "save", side_effect=full), self.assertRaises(SystemExit):
                self.report.phase(self.worker.install)
        line = json.loads(out.getvalue().splitlines()[-1][11:])
        self.assertEqual(("failed", "BOOT_INSTALL"), (line["status"], line["code"]))
        self.assertIn("No space left on device", line["cause"])


class Proxied(NodeCase):
    def test_https_goes_through_the_proxy_and_metadata_does_not(self) -> None:
        self.node.manifest["proxy"] = {"https": "http://proxy:3128", "noProxy": [".internal", "10.0.1.10"]}
        sys.modules.pop("fetch")
        import fetch  # noqa: F401

        self.assertEqual({"https": "http://proxy:3128"}, {k: v for k, v in getproxies().items() if k != "no"})
        self.assertEqual(
            [True, True, False], [bool(proxy_bypass(host)) for host in ("s3.internal", "10.0.1.10", "dl.k8s.io")]
        )


class Registered(NodeCase):
    def ask(self, nodes: Dict[str, Any], more: str = "", server: Optional[str] = None) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            issue(folder)
            api = ApiServer(folder, nodes)
            self.addCleanup(api.server.server_close)
            self.addCleanup(api.server.shutdown)
            kubeconfig = f"""apiVersion: v1
clusters:
  - name: from-scratch
    cluster:
      server: {server or api.url}
      certificate-authority: {folder}/ca.pem
{more}users:
  - name: system:node:worker-0
    user:
      client-certificate: {folder}/tls.pem
      client-key: {folder}/tls.key
"""
            self.machine.put("/var/lib/kubelet/kubeconfig", kubeconfig.encode())
            self.worker.ROOT = ""
            self.worker.registered()

    def test_a_node_of_this_instance(self) -> None:
        self.ask({"worker-0": {"spec": {"providerID": f"aws:///us-east-1a/{INSTANCE}"}}})

    def test_a_stale_node(self) -> None:
        for spec in ({}, {"providerID": "aws:///us-east-1a/i-0000000000000000f"}):
            with self.assertRaises(self.node.Problem) as caught:
                self.ask({"worker-0": {"spec": spec}})
            self.assertEqual("OTHER", caught.exception.args[0])

    def test_no_node_yet(self) -> None:
        with self.assertRaisesRegex(OSError, "404"):
            self.ask({})

    def test_another_server_name(self) -> None:
        nodes = {"worker-0": {"spec": {"providerID": f"aws:///us-east-1a/{INSTANCE}"}}}
        self.ask(nodes, "      tls-server-name: other.example.org\n")


if __name__ == "__main__":
    unittest.main()
