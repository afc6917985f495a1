"""firstboot: makes this machine the worker of its manifest."""

from report import phase
from worker import binaries, clock, done, health, identify, install, kernel, registered, secrets, units

for work in identify, clock, secrets, binaries, install, kernel, units, health, registered, done:
    phase(work)
