#!/bin/bash
# A VPC on this machine: a network namespace with one bridge, no way out of it.
# usage: net.sh up NS | down NS     needs root and iproute2; down ends whatever runs in it
# 10.0.1.1 gateway and DHCP, 10.0.1.10 api-server (the tutorial's load balancer), 10.0.1.20 and .21 workers,
# 169.254.169.254 instance metadata. Worker N's MAC is 02:00:0a:00:01:<20+N in hex>, its tap is wN.
set -euo pipefail

ns=$2
case $1 in
  up)
    ip netns add "$ns"
    ip -n "$ns" link set lo up
    ip -n "$ns" link add br0 type bridge
    ip -n "$ns" link set br0 up
    for address in 10.0.1.1/24 10.0.1.10/24 169.254.169.254/32; do ip -n "$ns" addr add "$address" dev br0; done
    for n in 0 1; do
      ip -n "$ns" tuntap add "w$n" mode tap
      ip -n "$ns" link set "w$n" master br0 up
    done
    ;;
  down)
    ip netns pids "$ns" | xargs --no-run-if-empty kill -9
    ip netns del "$ns"
    ;;
  *)
    echo "usage: net.sh up NS | down NS" >&2
    exit 2
    ;;
esac
