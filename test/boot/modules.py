"""The program's modules in this process, loaded anew for each test."""

import os
import sys
import unittest
from typing import Any
from unittest import mock

from cloud import INSTANCE, PROGRAM, Cloud, Machine

MODULES = ("worker", "report", "fetch", "node")


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
        worker.machine.update(instanceId=INSTANCE, provider=f"aws:///us-east-1a/{INSTANCE}")

    def enterContextOf(self, manager: Any) -> None:
        manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
