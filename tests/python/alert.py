import itertools, json, os, ssl, sys, uuid
from websockets.sync.client import connect
address, authority, headline = sys.argv[1:]
numbers, waiting, tls = itertools.count(1), [], ssl.create_default_context(cafile=authority)
def call(method, **params):
    socket.send(json.dumps({"jsonrpc": "2.0", "id": next(numbers), "method": method, "params": params}))
    while "method" in (frame := json.loads(socket.recv())):
        waiting.append(frame)  # A notification came before the reply.
    return frame["result"] if "result" in frame else sys.exit(f"{method}: {frame['error']['message']}")
def handling(record):
    return record["body"]["shown"]["item"]["handling"] if "shown" in record["body"] else {}
def show():
    for row in call("board.show", room=room, of=asked)["rows"]:
        print(row["name"], handling(row["answer"])["choice"] if "answer" in row else "no answer", sep=": ")
def follow(after):
    page = call("room.follow", room=room, after=after)
    show() if page["live"] else follow(page["records"][-1]["seq"])
with connect(address, ssl=tls, subprotocols=["warproom.v1"]) as socket:
    call("session.start", proof={"token": os.environ["WARPROOM_TOKEN"]})
    room = call("room.list")["rooms"][0]["room"]
    alert = {"severity": "severe", "urgency": "immediate", "certainty": "observed"}
    asked = call("entry.alert", room=room, id=str(uuid.uuid4()), label="TLP:GREEN", headline=headline,
        alert=alert, subjects=[{"vendor": "Ivanti"}], ask={"options": ["seen", "acting", "done"]})["seq"]
    follow(asked)
    while notice := waiting.pop(0) if waiting else json.loads(socket.recv()):
        if notice["method"] == "behind":
            follow(notice["params"]["after"])
        elif notice["method"] == "entry" and handling(notice["params"]["record"]).get("of") == asked:
            show()
