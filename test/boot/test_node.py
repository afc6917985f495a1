"""What a scratch root cannot show: commands that fail, the journal, a full disk, a proxy."""

import contextlib
import io
import json
import subprocess
import sys
import unittest
from typing import Any, Dict, List, Optional
from unittest import mock
from urllib.request import getproxies, proxy_bypass

from modules import NodeCase


class Commands(NodeCase):
    def fail(self, journal: Optional[str], hangs: bool = False) -> List[Dict[str, Any]]:  # type: ignore[override]
        """Lines of a units phase in which the kubelet does not start."""

        def run(argv: List[str], timeout: float, **_: Any) -> "subprocess.CompletedProcess[str]":
            if argv[0] == "journalctl":
                self.journals.append(argv)
                return subprocess.CompletedProcess(argv, int(journal is None), journal)
            if hangs:
                raise subprocess.TimeoutExpired(argv, timeout)
            return subprocess.CompletedProcess(argv, int("kubelet.service" in argv), "Job for kubelet.service failed.")

        self.journals: List[List[str]] = []
        out = io.StringIO()
        home = self.node.HOME
        self.node.HOME = self.report.HOME = self.node.ROOT + home
        self.node.ROOT = ""
        self.report.at = self.machine.path  # no console
        self.worker.kubelet = None
        with mock.patch.object(subprocess, "run", run), contextlib.redirect_stdout(out), self.assertRaises(SystemExit):
            self.report.phase(self.worker.units)
        self.detail = self.report.report["phases"][-1]["detail"]
        self.told = out.getvalue()
        return [json.loads(line[11:]) for line in self.told.splitlines()]

    def test_the_journal_is_in_the_report_the_cause_first(self) -> None:
        line = self.fail("starting\nfailed to load kubelet config\n")[-1]
        self.assertEqual(("units", "failed", "BOOT_UNITS"), (line["phase"], line["status"], line["code"]))
        self.assertIn("Job for kubelet.service failed.: failed to load kubelet config", line["cause"])
        self.assertEqual(["failed to load kubelet config", "starting"], self.detail[1:])

    def test_only_the_journal_of_the_unit_that_failed(self) -> None:
        self.fail("")
        self.assertEqual({("_SYSTEMD_UNIT=kubelet.service",)}, {tuple(argv[5:]) for argv in self.journals})

    def test_a_quarter_of_an_hour_fits_a_console_twice(self) -> None:
        """EC2 keeps the last 64 KiB; the waits end at a 30th of the patience."""
        self.fail("x" * 5000 + "\n")
        self.assertLess(len(self.told), 32768)
        self.assertLess(max(map(len, self.told.splitlines())), 1000)

    def test_credentials_in_a_journal_are_not_told(self) -> None:
        journal = "pull https://me:pass@example.org/v2?token=abc failed\n-----BEGIN PRIVATE KEY----- xyz\n"
        text = json.dumps([self.fail(journal), self.detail])
        for secret in ("pass", "abc", "xyz", "me:"):
            self.assertNotIn(secret, text)

    def test_a_command_that_does_not_end(self) -> None:
        line = self.fail("waiting for its dependency\n", hangs=True)[-1]
        self.assertIn("TimeoutExpired", line["cause"])
        self.assertIn("containerd.service", line["cause"])
        self.assertIn("waiting for its dependency", line["cause"])

    def test_a_machine_without_a_journal(self) -> None:
        self.assertEqual("BOOT_UNITS", self.fail(None)[-1]["code"])

    def test_a_full_disk(self) -> None:
        """It is told on the console, where report.json cannot be written either."""
        full = OSError(28, "No space left on device")
        out = io.StringIO()
        with contextlib.ExitStack() as stack:
            for module in (self.report, self.worker):
                stack.enter_context(mock.patch.object(module, "save", side_effect=full))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(self.assertRaises(SystemExit))
            self.report.phase(self.worker.install)
        line = json.loads(out.getvalue().splitlines()[-1][11:])
        self.assertEqual(("failed", "BOOT_INSTALL"), (line["status"], line["code"]))
        self.assertIn("No space left on device", line["cause"])


class Proxied(NodeCase):
    def test_https_goes_through_the_proxy_and_metadata_does_not(self) -> None:
        self.node.manifest["proxy"] = {"https": "http://proxy:3128", "noProxy": [".internal", "10.0.1.10"]}
        sys.modules.pop("fetch")
        import fetch

        self.assertEqual("http://proxy:3128", fetch.proxy["https"])
        self.assertEqual({"https": "http://proxy:3128"}, {k: v for k, v in getproxies().items() if k != "no"})
        self.assertEqual(
            [True, True, False], [bool(proxy_bypass(host)) for host in ("s3.internal", "10.0.1.10", "dl.k8s.io")]
        )


if __name__ == "__main__":
    unittest.main()
