"""The boot program in scratch roots, against instance metadata, S3 and a mirror on loopback."""

import json
import os
import random
import time
import unittest
from typing import Any

from cloud import INSTANCE, KEY_PATH, MARK, ROLE, SECRET_KEY, Cloud, Machine, times

KUBELET = "/usr/local/bin/kubelet"


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


class Happy(BootCase):
    def test_a_worker_boots(self) -> None:
        machine = self.machine()
        self.boots(machine)
        modes = {path: mode for path, (mode, _) in machine.tree().items()}
        self.assertEqual(0o600, modes[KEY_PATH[1:]])
        self.assertEqual(0o755, modes[KUBELET[1:]])
        self.assertEqual(0o755, modes["usr/local/bin/containerd"], "whatever the archive says")
        self.assertEqual(0o700, machine.path("/var/lib/kubelet").stat().st_mode & 0o777)
        self.assertEqual([], [path for path in modes if "escape" in path or "abs" in path or "README" in path])
        self.assertEqual([], [path for path in modes if path.endswith(".firstboot")])
        phases = [(line["phase"], line["status"]) for line in machine.lines]
        names = [
            "identify",
            "clock",
            "secrets",
            "binaries",
            "install",
            "kernel",
            "units",
            "health",
            "registered",
            "done",
        ]
        self.assertEqual([(name, status) for name in names for status in ("start", "ok")], phases)
        self.assertEqual(INSTANCE, machine.lines[-1]["instanceId"])
        self.assertEqual("f" * 64, machine.lines[-1]["fingerprint"])

    def test_units_start_in_order_and_the_kubelet_last(self) -> None:
        machine = self.machine()
        self.boots(machine)
        systemctl = [line for line in machine.commands if line.startswith("systemctl")]
        systemctl.remove("systemctl daemon-reload")  # beside the downloads
        self.assertEqual(
            [
                "systemctl enable --no-reload firstboot.service",
                "systemctl start --no-block containerd.service",
                "systemctl start containerd.service",
                "systemctl start kubelet.service",
                "systemctl is-active containerd.service",
                "systemctl is-active kubelet.service",
            ],
            systemctl,
        )

    def test_the_drop_in_names_the_instance(self) -> None:
        for resolved, expected in ((False, "/etc/resolv.conf"), (True, "/run/systemd/resolve/resolv.conf")):
            machine = self.machine()
            if resolved:
                machine.put("/run/systemd/resolve/resolv.conf", b"nameserver 10.0.0.2\n")
            self.boots(machine)
            drop_in = machine.path("/etc/kubernetes/kubelet.conf.d/10-node.conf").read_text().splitlines()
            self.assertIn("kind: KubeletConfiguration", drop_in)
            self.assertIn("providerID: aws:///us-east-1a/" + INSTANCE, drop_in)
            self.assertIn("resolvConf: " + expected, drop_in)

    def test_nothing_secret_is_told(self) -> None:
        machine = self.machine()
        self.cloud.faults[next(iter(self.cloud.objects))] = [times(2, lambda right: (500, right[1]))]
        self.boots(machine)
        told = machine.output + json.dumps(machine.report) + "\n".join(machine.commands)
        for secret in (MARK.decode(), SECRET_KEY, "T0KEN", "TOKEN", "x.tar"):
            self.assertNotIn(secret, told)

    def test_a_rerun_fetches_nothing(self) -> None:
        machine = self.machine()
        self.boots(machine)
        before = machine.tree()
        self.cloud.requests.clear()
        self.boots(machine)
        self.assertEqual(before, machine.tree())
        self.assertEqual(
            [], [line for line in self.cloud.requests if "/bin/" in line or "/s3/" in line or ROLE in line]
        )
        self.assertEqual(2, machine.report["attempts"])

    def test_own_authorities_are_trusted_before_anything_is_fetched(self) -> None:
        machine = self.machine(trust=True)
        self.boots(machine)
        self.assertEqual("update-ca-certificates", machine.commands[0])

    def test_an_image_that_has_the_binaries(self) -> None:
        machine = self.machine()
        machine.put(KUBELET, self.cloud.files["/bin/kubelet"])
        machine.path(KUBELET).chmod(0o644)
        self.boots(machine)
        self.assertNotIn("GET /bin/kubelet", " ".join(self.cloud.requests))
        self.assertEqual(0o755, machine.path(KUBELET).stat().st_mode & 0o777)


class Identity(BootCase):
    def test_an_image_of_a_worker_does_not_start(self) -> None:
        machine = self.machine()
        self.boots(machine)
        machine.path("/var/lib/firstboot/commands").unlink()
        self.cloud.instance = "i-0000000000000000f"
        self.assertIn(INSTANCE, self.fails(machine, "identify", "BOOT_IDENTIFY_INSTANCE"))
        machine.put("/var/lib/firstboot/ready", b"")  # cloud-init wrote the files anew, for the new instance
        self.boots(machine)
        self.assertEqual("i-0000000000000000f\n", machine.path("/var/lib/firstboot/instance").read_text())

    def test_another_address(self) -> None:
        self.cloud.address = "10.0.1.99"
        self.assertIn("10.0.1.99", self.fails(self.machine(), "identify", "BOOT_IDENTIFY_ADDRESS"))

    def test_another_hostname(self) -> None:
        machine = self.machine()
        machine.put("/proc/sys/kernel/hostname", b"ip-10-0-1-20\n")
        self.assertIn("ip-10-0-1-20", self.fails(machine, "identify", "BOOT_IDENTIFY_HOSTNAME"))

    def test_a_torn_file(self) -> None:
        for content in (b"", b"apiVersion", None):
            machine = self.machine()
            kubeconfig = machine.path("/var/lib/kubelet/kubeconfig")
            kubeconfig.unlink() if content is None else kubeconfig.write_bytes(content)
            self.fails(machine, "identify", "BOOT_IDENTIFY_FILES")
            self.assertIn("cloud-init single --name write_files --frequency always", machine.commands)
            self.assertEqual([], [line for line in machine.commands if line.startswith("systemctl")])
            kubeconfig.write_bytes(machine.public["/var/lib/kubelet/kubeconfig"])
            self.boots(machine)

    def test_metadata_late(self) -> None:
        self.cloud.faults["/latest/api/token"] = [times(3, lambda _: (503, b""))]
        machine = self.machine()
        self.boots(machine)
        self.assertEqual(
            ["start", "retry", "retry", "retry", "ok"],
            [line["status"] for line in machine.lines if line["phase"] == "identify"],
        )
        self.assertEqual("BOOT_IDENTIFY", machine.lines[1]["code"])

    def test_metadata_never(self) -> None:
        self.cloud.faults["/latest/api/token"] = [lambda _: (503, b"")]
        self.fails(self.machine(), "identify", "BOOT_IDENTIFY")

    def test_role_late(self) -> None:
        self.cloud.faults[ROLE] = [times(2, lambda _: (404, b""))]
        machine = self.machine()
        self.boots(machine)
        self.assertEqual(["BOOT_SECRETS"] * 2, [line["code"] for line in machine.lines if line["status"] == "retry"])

    def test_clock_before_and_after_the_certificate(self) -> None:
        for start, end in (
            ("2098-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
            ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
        ):
            cause = self.fails(self.machine(certificate={"notBefore": start, "notAfter": end}), "clock", "BOOT_CLOCK")
            self.assertIn(start, cause)
            self.assertIn(end, cause)


class Fetching(BootCase):
    def object_path(self) -> str:
        return next(iter(self.cloud.objects))

    def test_not_staged_yet(self) -> None:
        machine = self.machine()
        self.cloud.faults[self.object_path()] = [times(3, lambda _: (403, b""))]
        self.boots(machine)
        entry = next(entry for entry in machine.report["phases"] if entry["phase"] == "secrets")
        self.assertEqual(4, entry["attempts"])

    def test_never_staged(self) -> None:
        machine = self.machine()
        self.cloud.objects.clear()
        self.assertIn("403", self.fails(machine, "secrets", "BOOT_SECRETS"))
        self.assertFalse(machine.path(KEY_PATH).exists())

    def test_tampered_archive(self) -> None:
        machine = self.machine()
        self.cloud.objects[self.object_path()] += b"x"
        self.fails(machine, "secrets", "BOOT_SECRETS_DIGEST")
        self.assertFalse(machine.path(KEY_PATH).exists())

    def test_archive_without_the_file(self) -> None:
        machine = self.machine(archive={KEY_PATH: "0600", "/etc/other-key.pem": "0600"})
        self.fails(machine, "secrets", "BOOT_SECRETS_CONTENT")
        self.assertFalse(machine.path(KEY_PATH).exists())

    def test_a_cut_is_resumed(self) -> None:
        machine = self.machine()
        self.cloud.faults["/bin/kubelet"] = [times(1, lambda right: (-1, right[1]))]
        self.boots(machine)
        half = len(self.cloud.files["/bin/kubelet"]) // 2
        self.assertEqual(
            [f"GET /bin/kubelet bytes={n}-" for n in (0, half)],
            [line for line in self.cloud.requests if "kubelet" in line],
        )

    def test_a_part_that_no_mirror_goes_on_with(self) -> None:
        machine = self.machine()
        right = self.cloud.files["/bin/kubelet"]
        self.cloud.faults["/bin/kubelet"] = [
            times(1, lambda _: (-1, bytes(4 * len(right)))),
            times(1, lambda _: (416, b"")),
        ]
        self.boots(machine)

    def test_wrong_binary(self) -> None:
        for wrong in (b"<html>error</html>", b"\x7fELF for another machine"):
            machine = self.machine()
            self.cloud.files["/bin/kubelet"] = wrong
            self.fails(machine, "binaries", "BOOT_BINARIES_DIGEST")
            self.assertFalse(machine.path(KUBELET).exists())
            self.assertTrue(machine.path("/usr/local/bin/runc").exists(), "the others go on")

    def test_mirrors_in_order(self) -> None:
        machine = self.machine()
        self.cloud.files["/bin/truncated"] = self.cloud.files["/bin/kubelet"][:-1]
        machine.manifest["binaries"][2]["urls"] = [
            "https://dead.example.org/k",
            "https://example.org/none",
            "https://example.org/bin/truncated",
            "https://example.org/bin/kubelet",
        ]
        machine.put("/var/lib/firstboot/manifest.json", json.dumps(machine.manifest).encode())
        self.boots(machine)
        self.assertEqual([], [line for line in machine.lines if line["status"] == "retry"])

    def test_a_member_missing(self) -> None:
        machine = self.machine()
        machine.manifest["binaries"][1]["members"].append("bin/containerd-shim-runc-v2")
        machine.put("/var/lib/firstboot/manifest.json", json.dumps(machine.manifest).encode())
        self.fails(machine, "binaries", "BOOT_BINARIES_CONTENT")


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
                if "key.pem" in path:
                    self.assertEqual(0o600, mode, path)
            self.boots(machine)
            self.assertEqual(whole.tree(), machine.tree())


if __name__ == "__main__":
    unittest.main()
