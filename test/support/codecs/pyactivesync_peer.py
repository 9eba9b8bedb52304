"""Reads and writes WBXML with pyactivesync. One JSON request a line, one JSON answer a line.

{"read": hex} -> tree; {"write": tree} -> hex, or null where the library does not know a tag.
A tree is [page, token, text or null, hex of opaque bytes or null, children].
"""
import json
import sys

from pyactivesync import _wbxml
from pyactivesync._codepages import CODEPAGES, PAGE_ORDER, REVERSE

PAGES = {name: page for page, name in PAGE_ORDER.items()}


def code_of(path):
    page_name, tag = path.split(".", 1)
    page = PAGES[page_name] if page_name in PAGES else int(page_name[4:])
    if tag.startswith("0x"):
        return page, int(tag, 16)
    return page, CODEPAGES[page_name][tag]


def tree_of(node):
    path, _, children = node
    page, token = code_of(path)
    text = [value for name, value, _ in children if name == "#text"]
    opaque = [value for name, value, _ in children if name == "#opaque"]
    inner = [tree_of(child) for child in children if not child[0].startswith("#")]
    return [page, token, "".join(text) if text else None, b"".join(opaque).hex() if opaque else None, inner]


def builder_of(tree):
    page, token, text, opaque, children = tree
    name = REVERSE[page][token]
    inner = [builder_of(child) for child in children]
    data = None if opaque is None else bytes.fromhex(opaque)
    return _wbxml.wtag(PAGE_ORDER[page], name, inner or None, text, data)


def answer(request):
    if "read" in request:
        return tree_of(_wbxml.WBXMLReader(bytes.fromhex(request["read"])).parse()[0])
    try:
        build = builder_of(request["write"])
    except KeyError:
        return None
    writer = _wbxml.WBXMLWriter()
    build(writer)
    return writer.render().hex()


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
