"""Decides on requests to the engine's API: everyone may read, and no one may make privileged containers."""

import base64
import json
import re


class Driver:
    kind = "authz"

    def __init__(self):
        self.calls = {"/AuthZPlugin.AuthZReq": self.decide, "/AuthZPlugin.AuthZRes": lambda _request: {"Allow": True}}

    def failure(self, message):
        # Everything that is no decision denies.
        return {"Allow": False, "Msg": message, "Err": message}

    def decide(self, request):
        path = re.sub(r"^/v[0-9.]+(?=/)", "", str(request.get("RequestUri", "")).split("?")[0])
        if request.get("RequestMethod") != "POST" or path != "/containers/create":
            return {"Allow": True}
        # Engines show bodies up to a size only: what cannot be judged is refused.
        if not request.get("RequestBody"):
            return {"Allow": False, "Msg": "a container cannot be made without its config being shown"}
        config = json.loads(base64.b64decode(request["RequestBody"]), object_pairs_hook=fields)
        if (config.get("hostconfig") or {}).get("privileged"):
            return {"Allow": False, "Msg": "privileged containers are forbidden on this host"}
        return {"Allow": True}


def fields(pairs):
    """Fields by folded name: engines read names in any letter case. Two of one name are read differently: refuse."""
    folded = {}
    for name, value in pairs:
        # As Go does, which folds the letters U+017F and U+212A to s and k.
        if name.casefold() in folded:
            raise ValueError(f'the field "{name}" is there twice')
        folded[name.casefold()] = value
    return folded
