#!/bin/sh
# Makes the disk of a Debian system that boots in qemu, with its kernel and initial RAM disk. Run in a mount namespace of
# its own, so that nothing stays mounted when it is killed.
#
# usage: make-system.sh DIRECTORY ROOT NODE
#   DIRECTORY  gets root.img, vmlinuz and initrd.img
#   ROOT       a root file system of debian-root.sh, which is changed
#   NODE       the program of Node.js for it
set -eu
directory=$1 root=$2 node=$3
here=$(dirname "$0")

printf 'virtio_pci\nvirtio_blk\next4\n' >"$root/etc/initramfs-tools/modules"
mount -t proc none "$root/proc"
for device in null zero urandom; do [ -e "$root/dev/$device" ] || cp -a "/dev/$device" "$root/dev/"; done
chroot "$root" update-initramfs -u
umount "$root/proc"
cp "$root"/boot/vmlinuz-* "$directory/vmlinuz"
cp "$root"/boot/initrd.img-*-amd64 "$directory/initrd.img"

install -m 755 "$node" "$root/usr/local/bin/node"
install -m 644 "$here/outboard-agent.service" "$root/etc/systemd/system/"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -sf ../outboard-agent.service "$root/etc/systemd/system/multi-user.target.wants/"
# Timers that would run in the middle of a test, a login that nobody uses, and names that nobody answers.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer systemd-logind.service systemd-user-sessions.service systemd-pstore.service systemd-timesyncd.service \
  getty@tty1.service serial-getty@ttyS0.service docker-registry.service podman.service podman.socket \
  podman-restart.service podman-auto-update.service podman-auto-update.timer; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
echo test-host >"$root/etc/hostname"
printf '127.0.0.1 localhost test-host\n' >"$root/etc/hosts"
cat >"$root/etc/fstab" <<END
LABEL=outboard-root / ext4 defaults 0 1
LABEL=outboard-work /run/outboard-work ext4 defaults 0 0
END
: >"$root/etc/resolv.conf"
rm -f "$root"/boot/initrd.img-* "$root"/boot/vmlinuz-*
rm -rf "$root"/var/cache/apt/archives "$root"/var/lib/apt/lists

truncate -s 4G "$directory/root.img"
mke2fs -q -t ext4 -O ^metadata_csum_seed,^orphan_file -L outboard-root -d "$root" "$directory/root.img"
