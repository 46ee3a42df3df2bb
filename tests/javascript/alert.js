import { randomUUID } from "node:crypto"; import { readFileSync } from "node:fs";
import WebSocket from "ws";
const [address, authority, headline] = process.argv.slice(2), replies = [];
const call = (method, params) => new Promise((reply) => {
  socket.send(JSON.stringify({ jsonrpc: "2.0", id: replies.push(reply) - 1, method, params }));
});
const show = async () => {
  for (const { name, answer } of (await call("board.show", { room, of: asked })).rows)
    console.log(`${name}: ${answer?.body.shown.item.handling.choice ?? "no answer"}`);
};
const follow = async (after) => {
  const { records, live } = await call("room.follow", { room, after });
  await (live ? show() : follow(records.at(-1).seq));
};
const socket = new WebSocket(address, "warproom.v1", { ca: readFileSync(authority) });
socket.on("message", (text) => {
  const { id, result, error, method, params } = JSON.parse(text);
  if (!method) replies[id](error ? Promise.reject(new Error(error.message)) : result);
  else if (method === "behind") follow(params.after);
  else if (method === "entry" && params.record.body.shown?.item.handling.of === asked) show();
});
await new Promise((opened) => socket.on("open", opened));
await call("session.start", { proof: { token: process.env.WARPROOM_TOKEN } });
const { room } = (await call("room.list")).rooms[0];
const alert = { severity: "severe", urgency: "immediate", certainty: "observed" };
const subjects = [{ vendor: "Ivanti" }], ask = { options: ["seen", "acting", "done"] };
const entry = { room, id: randomUUID(), label: "TLP:GREEN", headline, alert, subjects, ask };
const { seq: asked } = await call("entry.alert", entry);
await follow(asked);
