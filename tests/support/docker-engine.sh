#!/bin/sh
# Runs dockerd as the first process of its own mount and pid namespaces. Its directories with fixed paths are replaced by
# directories of the test; mounts that are made on the host below shared mounts reach it, its own mounts reach nothing.
#
# usage: docker-engine.sh SOCKETS FIFOS CONFIGURATION dockerd ARGUMENT...
#   SOCKETS        becomes /run/docker/plugins, for the sockets of legacy plugins
#   FIFOS          becomes /run/docker/logging, for the FIFOs of log drivers
#   CONFIGURATION  becomes /etc/docker
set -eu
sockets=$1 fifos=$2 configuration=$3
shift 3
mount -t tmpfs -o mode=755 docker-engine /run
mkdir -p /run/docker/plugins /run/docker/logging
mount --bind "$sockets" /run/docker/plugins
mount --bind "$fifos" /run/docker/logging
mount --bind "$configuration" /etc/docker
# The loopback device of a new network is down; it is up already in that of the host.
ip link set dev lo up
exec "$@"
