import base64
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "src"))

from driver import Driver  # noqa: E402


class AuthorizationTest(unittest.TestCase):
    def decide(self, method, uri, body=None):
        request = {"RequestMethod": method, "RequestUri": uri}
        if body is not None:
            request["RequestBody"] = base64.b64encode(json.dumps(body).encode()).decode()
        return Driver().calls["/AuthZPlugin.AuthZReq"](request)["Allow"]

    def test_privileged_containers_are_refused(self):
        uri = "/v1.41/containers/create?name=web"
        self.assertFalse(self.decide("POST", uri, {"HostConfig": {"Privileged": True}}))
        self.assertFalse(self.decide("POST", uri, {"hostconfig": {"PRIVILEGED": True}}))
        self.assertFalse(self.decide("POST", uri, {"ho\u017ftconfig": {"Privileged": True}}))
        self.assertFalse(self.decide("POST", uri))
        self.assertTrue(self.decide("POST", uri, {"HostConfig": {}}))

    def test_reading_is_allowed(self):
        self.assertTrue(self.decide("GET", "/v1.41/containers/json"))

    def test_config_names_what_the_plugin_serves(self):
        with open(os.path.join(os.path.dirname(__file__), "..", "config.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["interface"]["types"], [f"docker.{Driver.kind}/1.0"])


if __name__ == "__main__":
    unittest.main()
