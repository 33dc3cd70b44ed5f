"""Volumes that are directories. Put a file system of yours in place: mount it in `mount`, and undo that in `unmount`."""

import json
import os
import re
import shutil
import threading

from server import DriverError, text

# "propagatedMount" in config.json: what is mounted below it is seen by the host, and it survives upgrades.
ROOT = os.environ.get("PLUGIN_ROOT", "/mnt/volumes")


class Driver:
    kind = "VolumeDriver"

    def __init__(self, root=ROOT):
        self.root = root
        # Who has mounted which volume is kept in a file, so that a restart forgets nothing.
        self.state = os.path.join(root, ".mounts.json")
        self.lock = threading.Lock()
        self.mounts = self.read_mounts()
        calls = [self.capabilities, self.create, self.remove, self.mount, self.unmount, self.path, self.get, self.list]
        self.calls = {f"/VolumeDriver.{call.__name__.title()}": call for call in calls}

    def failure(self, message):
        return {"Err": message}

    def capabilities(self, _request):
        return {"Capabilities": {"Scope": "local"}}

    def create(self, request):
        options = request.get("Opts") or {}
        if options:
            raise DriverError(f'unknown option "{next(iter(options))}": there are none')
        # Engines create a volume again that exists.
        os.makedirs(self.place(request), exist_ok=True)
        return {}

    def remove(self, request):
        with self.lock:
            name = self.known(request)
            if self.mounts.get(name):
                raise DriverError(f'volume "{name}" is in use')
            shutil.rmtree(self.place(request))
        return {}

    def mount(self, request):
        with self.lock:
            name = self.known(request)
            holders = self.mounts.setdefault(name, [])
            # An engine that lost the answer calls again with the same ID.
            if text(request, "ID") not in holders:
                holders.append(request["ID"])
                self.save_mounts()
        return {"Mountpoint": self.place(request)}

    def unmount(self, request):
        with self.lock:
            name = self.known(request)
            holders = self.mounts.get(name, [])
            if text(request, "ID") in holders:
                holders.remove(request["ID"])
                self.save_mounts()
        return {}

    def path(self, request):
        name = self.known(request)
        return {"Mountpoint": self.place(request) if self.mounts.get(name) else ""}

    def get(self, request):
        return {"Volume": {"Name": self.known(request), "Mountpoint": self.place(request)}}

    def list(self, _request):
        names = sorted(name for name in os.listdir(self.root) if not name.startswith("."))
        return {"Volumes": [{"Name": name, "Mountpoint": os.path.join(self.root, name)} for name in names]}

    def place(self, request):
        """The directory of a volume. Names come from anyone who may create volumes: no name may leave the root."""
        name = text(request, "Name")
        if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}", name):
            raise DriverError(f'invalid volume name "{name}": want letters, digits, "_", "." and "-"')
        return os.path.join(self.root, name)

    def known(self, request):
        if not os.path.isdir(self.place(request)):
            raise DriverError(f'volume "{request["Name"]}" does not exist')
        return request["Name"]

    def read_mounts(self):
        try:
            with open(self.state, encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def save_mounts(self):
        with open(self.state + ".new", "w", encoding="utf-8") as file:
            json.dump(self.mounts, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.state + ".new", self.state)
