"""Secrets and binaries: what S3 and mirrors may do."""

import json
import re
import unittest
from typing import List

from case import BootCase
from cloud import KEY_PATH, elf, sha256, tar_of, times

KUBELET = "/usr/local/bin/kubelet"
TEMP = ".firstboot"


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

    def test_s3_says_why(self) -> None:
        name = "a1" * 32 + ".tar"
        told = "<Error><Code>{}</Code>\n<Message>on resource arn:aws:s3:::bucket/{} because</Message></Error>"
        for code in ("RequestTimeTooSkewed", "AccessDenied"):
            machine = self.machine()
            self.cloud.faults[self.object_path()] = [lambda _, code=code: (403, told.format(code, name).encode())]
            cause = self.fails(machine, "secrets", "BOOT_SECRETS")
            self.assertIn(f"HTTP Error 403: Forbidden {code} on resource", cause)
            self.assertNotIn("a1a1", machine.output + json.dumps(machine.report), "the object's name is a capability")

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
        for wrong in (b"<html>error</html>", elf(b"another release")):
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
        machine.remake()
        self.boots(machine)
        self.assertEqual([], [line for line in machine.lines if line["status"] == "retry"])

    def test_a_mirror_that_breaks_off_while_it_refuses(self) -> None:
        machine = self.machine()
        self.cloud.faults["/denied"] = [lambda _: (-403, b"not a chunk")]
        machine.manifest["binaries"][2]["urls"].insert(0, "https://example.org/denied")
        machine.remake()
        self.boots(machine)
        self.assertEqual([], [line for line in machine.lines if line["status"] == "retry"])

    def test_a_release_that_lies_elsewhere(self) -> None:
        """As GitHub redirects, with a query that must not be told."""
        machine = self.machine()
        self.cloud.files["/cdn/kubelet"] = self.cloud.files["/bin/kubelet"]
        place = f"{self.cloud.base}/cdn/kubelet?sig=S3CRET".encode()
        self.cloud.faults["/bin/kubelet"] = [lambda _: (302, place)]
        self.cloud.faults["/cdn/kubelet"] = [times(1, lambda right: (-1, right[1])), times(1, lambda _: (403, b""))]
        self.boots(machine)
        half = len(self.cloud.files["/cdn/kubelet"]) // 2
        self.assertEqual(
            [f"GET /cdn/kubelet bytes={n}-" for n in (0, half, half)],
            [line for line in self.cloud.requests if "/cdn/" in line],
        )
        self.assertNotIn("S3CRET", machine.output + json.dumps(machine.report))

    def test_a_signature_is_not_sent_on(self) -> None:
        machine = self.machine()
        self.cloud.faults[self.object_path()] = [lambda _: (307, f"{self.cloud.base}/elsewhere".encode())]
        self.assertIn("404", self.fails(machine, "secrets", "BOOT_SECRETS"))
        sent = self.cloud.headers["/elsewhere"]
        self.assertEqual([], [name for name in sent if name.lower().startswith(("x-amz", "authorization"))])
        self.assertEqual(self.cloud.base, "http://" + sent["host"])

    def test_a_member_missing(self) -> None:
        machine = self.machine()
        machine.manifest["binaries"][1]["members"].append("bin/containerd-shim-runc-v2")
        machine.remake()
        self.fails(machine, "binaries", "BOOT_BINARIES_CONTENT")


class Binaries(BootCase):
    def kubelets(self) -> List[str]:
        return [line for line in self.cloud.requests if "kubelet" in line]

    def test_another_architecture(self) -> None:
        """The digest is right, so no other mirror is asked, and nothing is fetched twice."""
        machine = self.machine()
        foreign = self.cloud.files["/bin/kubelet"] = elf(b"kubelet", 183)
        machine.manifest["binaries"][2].update(
            sha256=sha256(foreign), urls=["https://example.org/bin/kubelet", "https://example.org/other/kubelet"]
        )
        machine.remake()
        cause = self.fails(machine, "binaries", "BOOT_BINARIES_ARCH")
        self.assertIn("kubelet is for ELF machine b700, not 3e00", cause)
        self.assertEqual(["GET /bin/kubelet bytes=0-"], self.kubelets())
        self.assertFalse(machine.path(KUBELET).exists())

    def test_another_architecture_in_an_archive(self) -> None:
        machine = self.machine()
        foreign = tar_of({"bin/containerd": elf(b"containerd", 183), "bin/ctr": b"#!/bin/sh"}, kind="w:gz")
        self.cloud.files["/bin/containerd.tar.gz"] = foreign
        machine.manifest["binaries"][1]["sha256"] = sha256(foreign)
        machine.remake()
        self.fails(machine, "binaries", "BOOT_BINARIES_ARCH")
        self.assertFalse(machine.path("/usr/local/bin/containerd").exists())

    def test_a_rehearsal_of_an_arm64_worker(self) -> None:
        machine = self.machine(arch="arm64")
        self.assertIn("is for ELF machine 3e00, not b700", self.fails(machine, "binaries", "BOOT_BINARIES_ARCH"))

    def test_a_page_without_end(self) -> None:
        machine = self.machine()
        self.cloud.files["/bin/kubelet"] += bytes(8 << 20)
        machine.manifest["binaries"][2]["size"] = len(machine.kubelet)
        machine.remake()
        cause = self.fails(machine, "binaries", "BOOT_BINARIES_DIGEST")
        self.assertLess(int(re.findall(r"(\d+) bytes", cause)[0]), len(machine.kubelet) + (1 << 20))

    def test_an_earlier_run_is_gone_on_with(self) -> None:
        machine = self.machine()
        half = len(machine.kubelet) // 2
        machine.put(KUBELET + TEMP, machine.kubelet[:half])
        self.boots(machine)
        self.assertEqual([f"GET /bin/kubelet bytes={half}-"], self.kubelets())

    def test_an_earlier_run_had_it_all(self) -> None:
        machine = self.machine()
        machine.put(KUBELET + TEMP, machine.kubelet)
        self.boots(machine)
        self.assertEqual([], self.kubelets())

    def test_a_torn_part(self) -> None:
        """A power cut may leave zeros: they cost another attempt."""
        machine = self.machine()
        machine.put(KUBELET + TEMP, bytes(4711))
        self.boots(machine)
        self.assertEqual([f"GET /bin/kubelet bytes={n}-" for n in (4711, 0)], self.kubelets())

    def test_stale_parts_are_cleared(self) -> None:
        machine = self.machine()
        machine.put("/var/lib/firstboot/" + "f" * 64 + TEMP, b"of an archive that is no longer pinned")
        self.boots(machine)
        self.assertEqual([], [path for path in machine.tree() if path.endswith(TEMP)])

    def test_a_silent_host_is_asked_last(self) -> None:
        machine = self.machine()
        binaries = machine.manifest["binaries"]
        binaries[:] = [binaries[2], binaries[0]] * 3  # more than are fetched at once
        for at, name in enumerate(("kubelet", "runc") * 3):
            urls = [f"https://dead.example.org/bin/{name}", f"https://example.org/bin/{name}"]
            binaries[at] = {**binaries[at], "urls": urls, "install": f"/usr/local/bin/{name}{at}"}
        machine.remake()
        self.cloud.faults["/dead/bin/kubelet"] = self.cloud.faults["/dead/bin/runc"] = [lambda _: (-1, b"cut")]
        machine.redirects = {"https://dead.example.org": self.cloud.base + "/dead"}
        self.boots(machine)
        asked = len([line for line in self.cloud.requests if "/dead/" in line])
        self.assertTrue(1 <= asked <= 4, asked)


if __name__ == "__main__":
    unittest.main()
