#!/bin/sh
# Becomes a host of its own with systemd as its first process. Run as the first process of new namespaces (mount, pid,
# cgroup, network, IPC, host name) in a cgroup of its own. What systemd does as it boots, from emptying /tmp to setting
# the kernel's parameters, must not reach the machine beneath: the file system is the machine's, read-only, with an empty
# tmpfs wherever something is written, and of the system's units there are only those that are listed here.
#
# Or it is a system of its own: an overlay over a root file system, which stays as it is.
#
# usage: systemd-host.sh EMPTY_DIRECTORY UNIT_DIRECTORY [FOLDER...]
#   UNIT_DIRECTORY  further unit files; one of them is host.target, which is started
#   FOLDER          shown read-only at the same path, for what is not on the machine's root file system
# usage: systemd-host.sh EMPTY_DIRECTORY UNIT_DIRECTORY --system BASE CHANGES SHARED
#   BASE     the root file system
#   CHANGES  a directory on a tmpfs for `upper` and `work` of the overlay
#   SHARED   shown at /run/host
# Standard input lists the cgroup hierarchies: a line "TYPE OPTIONS PATH" for each. systemd tells when it is up on the
# socket NOTIFY_SOCKET, which is in one of the folders.
set -eu
root=$1 units=$2
shift 2

mount --make-rprivate /
empty() { mount -t tmpfs -o mode=755 systemd-host "$root$1"; }

show_machine() {
  mount --bind / "$root"
  mount -o remount,bind,ro "$root"

  empty /usr/lib/systemd/system
  for unit in dbus.service dbus.socket systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket; do
    cp "/usr/lib/systemd/system/$unit" "$root/usr/lib/systemd/system/"
  done
  cp "$units"/* "$root/usr/lib/systemd/system/"
  for folder in /usr/lib/systemd/system-generators /etc/systemd /run /var /tmp; do empty "$folder"; done
  mkdir "$root/etc/systemd/system" "$root/var/lib" "$root/var/log" "$root/var/tmp"
  ln -s /run "$root/var/run"
  for folder in "$@"; do
    # A second mount of what is there already would uncover what was covered below it.
    [ "$root$folder" -ef "$folder" ] && continue
    mkdir -p "$root$folder" 2>/dev/null || [ -d "$root$folder" ]
    mount --bind "$folder" "$root$folder"
    mount -o remount,bind,ro "$root$folder"
  done
}

show_system() {
  mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" systemd-host "$root"
  mkdir -p "$root/etc/systemd/system"
  cp "$units"/* "$root/etc/systemd/system/"
  # Nothing of what systemd does on the kernel's own file systems as it boots.
  for folder in /usr/lib/systemd/system/sysinit.target.wants /run /tmp; do empty "$folder"; done
  mkdir "$root/run/host" "$root/run/lock"
  mount --bind "$3" "$root/run/host"
}

check_machine() {
  # Nothing is started that could write to the machine.
  for folder in / /usr /etc /proc/sys "$@"; do
    if touch "$folder/.writable" 2>/dev/null; then
      rm "$folder/.writable"
      echo "$folder is not read-only" >&2
      exit 1
    fi
  done
  for folder in /tmp /var /run /dev /etc/systemd /usr/lib/systemd/system /usr/lib/systemd/system-generators; do
    if [ "$(findmnt --noheadings --output SOURCE --mountpoint "$folder")" != systemd-host ]; then
      echo "$folder is the machine's" >&2
      exit 1
    fi
  done
}

check_system() {
  [ "$(findmnt --noheadings --output FSTYPE --mountpoint /)" = overlay ] || exit 1
}

kind=machine
if [ "${1:-}" = --system ]; then
  kind=system
  shift
fi
"show_$kind" "$@"

mount -t proc none "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
# Those of its own network namespace, for bridges.
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,rw "$root/proc/sys/net"
mount -t sysfs none "$root/sys"
mount -o remount,bind,ro "$root/sys"
mount --bind "$root/sys/devices/virtual/net" "$root/sys/devices/virtual/net"
mount -o remount,bind,rw "$root/sys/devices/virtual/net"
while read -r type options path; do
  case $path in
    /sys/fs/cgroup) ;;
    *)
      mountpoint -q "$root/sys/fs/cgroup" || empty /sys/fs/cgroup
      mkdir "$root$path"
      # Controllers that share a hierarchy are looked for under the name of each.
      for name in $(basename "$path" | tr , ' '); do
        [ -e "$root/sys/fs/cgroup/$name" ] || ln -s "$(basename "$path")" "$root/sys/fs/cgroup/$name"
      done
      ;;
  esac
  mount -t "$type" -o "$options" none "$root$path"
done

empty /dev
for device in null zero full random urandom tty; do cp -a "/dev/$device" "$root/dev/"; done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620 none "$root/dev/pts"
mount -t tmpfs none "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

cd "$root"
pivot_root . .
umount -l .
cd /
"check_$kind" "$@"
exec env -i PATH="$PATH" NOTIFY_SOCKET="$NOTIFY_SOCKET" container=outboard-test \
  /lib/systemd/systemd --system --unit=host.target
