#!/bin/bash
# Gives net.sh's two workers their addresses, as the VPC's DHCP does; runs until it is ended.
# usage: dhcp.sh NS     needs root and dnsmasq
set -euo pipefail

exec ip netns exec "$1" dnsmasq --no-daemon --conf-file=/dev/null --port=0 --interface=br0 --bind-interfaces --leasefile-ro \
  --dhcp-range=10.0.1.20,static --dhcp-option=3,10.0.1.1 \
  --dhcp-host=02:00:0a:00:01:14,10.0.1.20 --dhcp-host=02:00:0a:00:01:15,10.0.1.21 </dev/null
