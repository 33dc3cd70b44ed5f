#!/bin/sh
# Becomes a Debian system of its own without a service manager. Run as the first process of new namespaces (mount, pid,
# host name, IPC). The network is the machine's, for package mirrors and registries; cgroups are made among the machine's.
#
# usage: debian-guest.sh ROOT LOWER CHANGES SHARED
#   ROOT     an empty directory
#   LOWER    its root file system, which stays as it is
#   CHANGES  a directory on a tmpfs for `upper` and `work` of the overlay
#   SHARED   a directory that the guest has at /run/host
set -eu
root=$1 lower=$2 changes=$3 shared=$4

mount --make-rprivate /
mount -t overlay -o "lowerdir=$lower,upperdir=$changes/upper,workdir=$changes/work" debian-guest "$root"
mount -t proc none "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=755 debian-guest "$root/run"
mkdir "$root/run/host" "$root/run/lock"
mount --bind "$shared" "$root/run/host"
mount -t tmpfs -o mode=1777 debian-guest "$root/tmp"

mount -t tmpfs -o mode=755 debian-guest "$root/dev"
for device in null zero full random urandom tty; do cp -a "/dev/$device" "$root/dev/"; done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620 none "$root/dev/pts"
mount -t tmpfs none "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

# Waits for all that is orphaned here, from outside the guest's own files.
init=$(command -v tini-static)
cp "$init" "$root/run/host-init"
cd "$root"
pivot_root . .
umount -l .
cd /
mount --make-rshared /
echo up
exec env -i PATH="$PATH" /run/host-init -- sleep infinity
