#!/bin/sh
# Makes a root file system of Debian 12 in a directory, unless it is there: the smallest one that has apt, with the named
# packages. Run in a mount namespace of its own, so that nothing stays mounted when it is killed.
#
# usage: debian-root.sh DIRECTORY [BASE PACKAGE...]
#   BASE  a root file system of this script, which is copied and extended
set -eu
root=$1
shift
[ ! -e "$root.made" ] || exit 0
rm -rf "$root"
if [ $# -eq 0 ]; then
  mirror='deb http://deb.debian.org/debian bookworm main'
  mmdebstrap --quiet --variant=minbase --skip=output/dev,cleanup/apt bookworm "$root" "$mirror"
else
  base=$1
  shift
  cp -a "$base" "$root"
  mount -t proc none "$root/proc"
  for device in null zero urandom; do cp -a "/dev/$device" "$root/dev/"; done
  # Nothing is to be started here.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  DEBIAN_FRONTEND=noninteractive chroot "$root" \
    apt-get -qq -o Dpkg::Options::=--force-unsafe-io install -y --no-install-recommends "$@"
  rm "$root/usr/sbin/policy-rc.d" "$root/dev/null" "$root/dev/zero" "$root/dev/urandom"
fi
touch "$root.made"
