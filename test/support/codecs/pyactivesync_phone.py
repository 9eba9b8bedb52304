"""A phone of pyactivesync, an ActiveSync client that others wrote. One JSON request a line, one JSON answer a line.

First {"server", "user", "password", "ca"}; then {"call": method, "args": [...], "kwargs": {...}}: {"result"} or
{"error": name, "text"}. {"$message": RFC 822} stands for a message, {"$change": {...}} for a change of an item.
"""
import base64
import dataclasses
import email
import email.policy
import json
import sys

from pyactivesync import Client
from pyactivesync.models import BodyType, EmailChange, OofState

ENUMS = {"body_type": BodyType, "state": OofState}


def argument(value, name=None):
    if isinstance(value, dict) and "$message" in value:
        return email.message_from_string(value["$message"], policy=email.policy.SMTP)
    if isinstance(value, dict) and "$change" in value:
        return EmailChange(**value["$change"])
    if isinstance(value, list):
        return [argument(each) for each in value]
    return ENUMS[name](value) if name in ENUMS else value


def plain(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


def answer(client, request):
    try:
        args = [argument(value) for value in request.get("args", [])]
        kwargs = {name: argument(value, name) for name, value in request.get("kwargs", {}).items()}
        return {"result": plain(getattr(client, request["call"])(*args, **kwargs))}
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)}


setup = json.loads(sys.stdin.readline())
# What the client calls whether to verify, requests takes as what to verify with as well.
phone = Client(
    setup["server"],
    setup["user"],
    setup["password"],
    device_id=setup["deviceId"],
    verify_ssl=setup["ca"],
    timeout=60.0,
)
for line in sys.stdin:
    print(json.dumps(answer(phone, json.loads(line))), flush=True)
