"""The question to the api-server, and the kubelet's and containerd's health."""

import contextlib
import http.server
import json
import os
import pathlib
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import unittest
from typing import Any, Dict, Optional
from unittest import mock

from cloud import INSTANCE
from modules import NodeCase

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

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"https://127.0.0.1:{self.server.server_port}"


class Proxy:
    """An HTTP proxy that knows CONNECT to one place."""

    def __init__(self, port: int) -> None:
        asked = self.asked = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked.append(self.rfile.readline().decode().strip())
                while self.rfile.readline().strip():
                    pass
                with socket.create_connection(("127.0.0.1", port)) as server:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                    pump = threading.Thread(target=copy, args=(self.connection, server), daemon=True)
                    pump.start()
                    copy(server, self.connection)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


def copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(1 << 16):
            target.sendall(chunk)


def node(**status: Any) -> Dict[str, Any]:
    return {"worker-0": {"spec": {"providerID": f"aws:///us-east-1a/{INSTANCE}"}, "status": status}}


class Registered(NodeCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        issue(self.folder)

    def ask(self, nodes: Dict[str, Any], more: str = "", server: Optional[str] = None) -> None:
        self.api = ApiServer(self.folder, nodes)
        self.addCleanup(self.api.server.server_close)
        self.addCleanup(self.api.server.shutdown)
        kubeconfig = f"""apiVersion: v1
clusters:
  - name: from-scratch
    cluster:
      server: {server or self.api.url}
      certificate-authority: {self.folder}/ca.pem
{more}users:
  - name: system:node:worker-0
    user:
      client-certificate: {self.folder}/tls.pem
      client-key: {self.folder}/tls.key
"""
        self.machine.put("/var/lib/kubelet/kubeconfig", kubeconfig.encode())
        self.node.ROOT = ""
        self.worker.kubelet["kubeconfig"] = str(self.machine.path("/var/lib/kubelet/kubeconfig"))
        self.worker.registered()

    def test_a_node_of_this_instance(self) -> None:
        self.ask(node())

    def test_a_stale_node(self) -> None:
        for spec in ({}, {"providerID": "aws:///us-east-1a/i-0000000000000000f"}):
            with self.assertRaises(self.node.Problem) as caught:
                self.ask({"worker-0": {"spec": spec, "status": {}}})
            self.assertEqual("OTHER", caught.exception.args[0])

    def test_no_node_yet(self) -> None:
        with self.assertRaisesRegex(OSError, "404"):
            self.ask({})

    def test_the_address(self) -> None:
        hostname = {"type": "Hostname", "address": "worker-0"}
        for address in ("10.0.1.20", "10.0.1.99"):
            addresses = [{"type": "InternalIP", "address": address}, hostname]
            if address == "10.0.1.20":
                self.ask(node(addresses=addresses))
                continue
            with self.assertRaises(self.node.Problem) as caught:
                self.ask(node(addresses=addresses))
            self.assertEqual("ADDRESS", caught.exception.args[0])
            self.assertIn("10.0.1.99", caught.exception.args[1])
            self.assertIn("10.0.1.20", caught.exception.args[1])

    def test_no_address_yet(self) -> None:
        self.ask(node(addresses=[{"type": "Hostname", "address": "worker-0"}]))

    def test_another_server_name(self) -> None:
        self.ask(node(), "      tls-server-name: other.example.org\n")
        self.ask(node(), '      tls-server-name: "127.0.0.1"\n')

    def test_a_server_name_that_the_certificate_lacks(self) -> None:
        with self.assertRaisesRegex(OSError, "(?i)hostname mismatch"):
            self.ask(node(), "      tls-server-name: evil.example.org\n")

    def test_a_client_certificate_from_elsewhere(self) -> None:
        other = self.folder / "other"
        other.mkdir()
        issue(other)
        (self.folder / "ca.pem").write_bytes((other / "ca.pem").read_bytes())
        with self.assertRaises(OSError):
            self.ask(node())

    def test_a_proxy_of_its_own(self) -> None:
        """no_proxy names the host, and does not count."""
        api = ApiServer(self.folder, node())
        self.addCleanup(api.server.server_close)
        self.addCleanup(api.server.shutdown)
        proxy = Proxy(api.server.server_port)
        self.addCleanup(proxy.server.server_close)
        self.addCleanup(proxy.server.shutdown)
        with mock.patch.dict(os.environ, no_proxy="127.0.0.1", https_proxy="http://127.0.0.1:9"):
            self.ask(node(), f"      proxy-url: {proxy.url}\n", "https://127.0.0.1:1")
        self.assertEqual(["CONNECT 127.0.0.1:1"], [" ".join(line.split()[:2]) for line in proxy.asked])

    def test_a_proxy_that_the_standard_library_does_not_speak(self) -> None:
        self.ask({}, "      proxy-url: socks5://127.0.0.1:9\n")


class Health(NodeCase):
    def test_the_socket_and_the_port_of_the_kubelets_configuration(self) -> None:
        self.worker.kubelet.update(socket="/run/other.sock", healthz="http://127.0.0.1:4711/healthz")
        self.worker.health()
        self.assertEqual(["connect /run/other.sock", "GET http://127.0.0.1:4711/healthz"], self.node.would[-2:])

    def test_a_socket_that_nothing_listens_at(self) -> None:
        self.node.ROOT = ""
        self.worker.manifest["units"] = []
        self.worker.kubelet["socket"] = str(self.machine.path("/none.sock"))
        with self.assertRaises(OSError):
            self.worker.health()


if __name__ == "__main__":
    unittest.main()
