import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "src"))

from driver import Driver  # noqa: E402
from server import DriverError  # noqa: E402


class VolumeTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.TemporaryDirectory()
        self.addCleanup(self.root.cleanup)
        self.driver = Driver(self.root.name)

    def call(self, name, **request):
        return self.driver.calls[f"/VolumeDriver.{name}"](request)

    def test_volumes_are_created_listed_and_removed(self):
        self.call("Create", Name="data")
        self.assertEqual([volume["Name"] for volume in self.call("List")["Volumes"]], ["data"])
        self.call("Remove", Name="data")
        self.assertEqual(self.call("List"), {"Volumes": []})

    def test_mounts_are_counted_by_id_also_after_a_restart(self):
        self.call("Create", Name="data")
        self.call("Mount", Name="data", ID="a")
        self.call("Mount", Name="data", ID="a")
        self.driver = Driver(self.root.name)
        with self.assertRaisesRegex(DriverError, "in use"):
            self.call("Remove", Name="data")
        self.call("Unmount", Name="data", ID="a")
        self.call("Unmount", Name="data", ID="a")
        self.call("Remove", Name="data")

    def test_names_do_not_leave_the_root(self):
        with self.assertRaisesRegex(DriverError, "invalid volume name"):
            self.call("Create", Name="../etc")

    def test_config_names_what_the_plugin_serves(self):
        with open(os.path.join(os.path.dirname(__file__), "..", "config.json"), encoding="utf-8") as file:
            types = json.load(file)["interface"]["types"]
        self.assertEqual(types, [f"docker.{self.driver.kind.lower()}/1.0"])


if __name__ == "__main__":
    unittest.main()
