#!/bin/sh
# Runs a daemon in a mount namespace with the directories and the socket of a Docker Engine at their usual paths.
#
# usage: docker-host.sh HOME ENGINE_SOCKET PROGRAM ARGUMENT...
#   HOME           has the directories gateway and logging, which the engine sees in the same places
#   ENGINE_SOCKET  becomes /run/docker.sock; it need not exist yet
set -eu
home=$1 socket=$2
shift 2
mount -t tmpfs -o mode=755 docker-host /run
mkdir -p /run/docker/plugins /run/docker/logging
mount --bind "$home/gateway" /run/docker/plugins
mount --bind "$home/logging" /run/docker/logging
ln -s "$socket" /run/docker.sock
exec "$@"
