"""SIGKILL at any moment."""

import os
import random
import time
import unittest

from case import BootCase


class Killed(BootCase):
    def test_any_moment(self) -> None:
        """SIGKILL, then a rerun: the same tree as without; nothing wider than asked in between."""
        whole = self.machine()
        start = time.monotonic()
        self.boots(whole)
        lasted = time.monotonic() - start
        for _ in range(int(os.environ.get("FIRSTBOOT_KILLS", 12))):
            machine = self.machine()
            process = machine.start()
            time.sleep(random.uniform(0.1, lasted))
            process.kill()
            process.communicate()
            for path, (mode, _) in machine.tree().items():
                self.assertIn(mode, (0o600, 0o755) if "/bin/" in path else (0o600, 0o644), path)
                if "key.pem" in path:
                    self.assertEqual(0o600, mode, path)
            self.boots(machine)
            self.assertEqual(whole.tree(), machine.tree())


if __name__ == "__main__":
    unittest.main()
