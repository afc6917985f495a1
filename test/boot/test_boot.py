"""The boot program in scratch roots, against instance metadata, S3 and a mirror on loopback."""

import json
import re
import unittest

from case import BootCase
from cloud import INSTANCE, KEY_PATH, MARK, ROLE, SECRET_KEY, times

KUBELET = "/usr/local/bin/kubelet"


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

    def test_a_rehearsal_tells_what_could_not_happen(self) -> None:
        machine = self.machine()
        self.boots(machine)
        self.assertIs(True, machine.report["rehearsal"])
        would = {entry["phase"]: entry["would"] for entry in machine.report["phases"]}
        self.assertEqual([], would["secrets"])
        self.assertEqual(["modprobe overlay", "modprobe br_netfilter"], would["kernel"][:2])
        self.assertEqual(
            [
                "systemctl is-active containerd.service",
                "systemctl is-active kubelet.service",
                "connect /run/containerd/containerd.sock",
                "GET http://127.0.0.1:10248/healthz",
            ],
            would["health"],
        )
        self.assertEqual(["GET https://10.0.1.10:6443/api/v1/nodes/worker-0"], would["registered"])
        self.assertNotIn("would", machine.output)

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
        self.assertEqual(["BOOT_IDENTIFY"] * 2, [line["code"] for line in machine.lines if line["status"] == "retry"])

    def test_no_role(self) -> None:
        self.cloud.faults[ROLE] = [lambda _: (404, b"")]
        self.assertIn("no instance profile", self.fails(self.machine(), "identify", "BOOT_IDENTIFY"))

    def test_a_role_without_credentials(self) -> None:
        refused = b'{"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role"}'
        self.cloud.faults[ROLE + "firstboot-worker"] = [lambda _: (200, refused)]
        self.assertIn("AssumeRoleUnauthorizedAccess", self.fails(self.machine(), "identify", "BOOT_IDENTIFY"))

    def test_no_role_is_needed_where_nothing_is_signed(self) -> None:
        self.cloud.faults[ROLE] = [lambda _: (404, b"")]
        machine = self.machine()
        self.cloud.files["/x.tar"] = machine.secrets
        machine.manifest["secrets"]["url"] = "https://example.org/x.tar"
        machine.remake()
        self.boots(machine)

    def test_clock_before_and_after_the_certificate(self) -> None:
        for start, end in (
            ("2098-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
            ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
        ):
            cause = self.fails(self.machine(certificate={"notBefore": start, "notAfter": end}), "clock", "BOOT_CLOCK")
            self.assertIn(start, cause)
            self.assertIn(end, cause)

    def test_a_clock_that_metadata_contradicts(self) -> None:
        for ahead in (900, -900):
            self.cloud.ahead = ahead
            cause = self.fails(self.machine(), "clock", "BOOT_CLOCK")
            self.assertAlmostEqual(-ahead, int(re.findall(r"is (-?\d+) s ahead of", cause)[0]), delta=5)
            self.assertEqual([], [line for line in self.cloud.requests if "/s3/" in line], "nothing was signed")

    def test_metadata_that_does_not_tell_the_time(self) -> None:
        self.cloud.ahead = None
        self.boots(self.machine())


if __name__ == "__main__":
    unittest.main()
