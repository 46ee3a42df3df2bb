"""A bot from the protocol's description alone: a stock WebSocket library, and nothing of Warproom's.

    WARPROOM_TOKEN=wpbot_… python bot.py wss://warp.example:7443/ authority.pem WORD

It waits in its first room for an entry with WORD in it, and answers it. Needs: pip install websockets
"""

import hashlib, itertools, json, os, re, ssl, sys, uuid
from websockets.sync.client import connect

address, authority, word = sys.argv[1:]
tls = ssl.create_default_context(cafile=authority)
numbers, notices = itertools.count(1), []


def call(socket, method, **params):
    number = next(numbers)
    socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
    while "method" in (frame := json.loads(text := socket.recv())):
        notices.append(text)  # A notification came in between.
    if "error" in frame:
        sys.exit(f"{method}: {frame['error']['message']}")
    return frame["result"]


def head_after(head, record, text):
    """The head that follows from a record: over its exact text, or over what stands for it."""
    if shown := record["body"].get("shown"):
        item = re.search(r'"item":(.*)\}\}\}\}\}$', text).group(1).encode()
        parts = bytes.fromhex(shown["salt"]), shown["at_ms"].to_bytes(8, "big"), item
        commitment = hashlib.sha256(b"warproom.record.v1" + b"".join(parts)).digest()
    else:
        commitment = bytes.fromhex(record["body"]["withheld"]["commitment"])
    parts = bytes.fromhex(head), record["seq"].to_bytes(8, "big"), commitment
    return hashlib.sha256(b"warproom.head.v1" + b"".join(parts)).hexdigest()


with connect(address, ssl=tls, subprotocols=["warproom.v1"]) as socket:
    me = call(socket, "session.start", proof={"token": os.environ["WARPROOM_TOKEN"]})["me"]
    room = call(socket, "room.list")["rooms"][0]["room"]
    head = call(socket, "room.follow", room=room)["latest"]["head"]
    print("following", flush=True)
    while True:
        notice = json.loads(text := notices.pop(0) if notices else socket.recv())
        if notice["method"] != "entry":
            continue
        record = notice["params"]["record"]
        head = head_after(head, record, text)
        assert head == record["head"], f"entry {record['seq']} does not follow the one before"
        entry = record["body"].get("shown", {}).get("item", {})
        if word in entry.get("content", {}).get("text", ""):
            break
    label, answer = entry["handling"]["label"], f"{me['name']} heard: {word}"
    call(socket, "entry.post", room=room, id=str(uuid.uuid4()), label=label, text=answer,
         reply_to=record["seq"])
