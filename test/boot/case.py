"""What the tests of whole boots have in common."""

import unittest
from typing import Any

from cloud import Cloud, Machine


class BootCase(unittest.TestCase):
    def setUp(self) -> None:
        self.cloud = Cloud()
        self.addCleanup(self.cloud.close)

    def machine(self, **changes: Any) -> Machine:
        machine = Machine(self.cloud, **changes)
        self.addCleanup(machine.folder.cleanup)
        return machine

    def fails(self, machine: Machine, phase: str, code: str, pace: float = 0.001) -> str:
        """It fails closed: with this code, and the kubelet was not started."""
        self.assertEqual(1, machine.boot(pace), machine.output)
        last = machine.lines[-1]
        self.assertEqual((phase, "failed", code), (last["phase"], last["status"], last["code"]), machine.output)
        self.assertEqual([phase, code], [machine.report["phases"][-1][key] for key in ("phase", "code")])
        self.assertNotIn("systemctl start kubelet.service", machine.commands)
        return last["cause"]

    def boots(self, machine: Machine) -> None:
        self.assertEqual(0, machine.boot(), machine.output)
        self.assertEqual(("done", "ok"), (machine.lines[-1]["phase"], machine.lines[-1]["status"]))
