#!/bin/sh
# Runs dockerd as the first process of its own mount and pid namespaces. Its directories with fixed paths are replaced by
# directories of the test; mounts that are made on the host below shared mounts reach it, its own mounts reach nothing.
#
# usage: docker-engine.sh RUN_DIRECTORY CONFIGURATION_DIRECTORY dockerd ARGUMENT...
#   RUN_DIRECTORY            becomes /run/docker: the sockets of legacy plugins are in its directory plugins
#   CONFIGURATION_DIRECTORY  becomes /etc/docker
set -eu
run=$1 configuration=$2
shift 2
mount --make-rslave /
mount -t tmpfs -o mode=755 docker-engine /run
mkdir /run/docker
mount --bind "$run" /run/docker
mount --bind "$configuration" /etc/docker
exec "$@"
