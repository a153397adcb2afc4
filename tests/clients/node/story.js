// A masked conversation, checked step by step, by a client that knows nothing of Maskline but its API.
//
//   node story.js ADDRESS files PROTO-FOLDER     with the .proto files
//   node story.js ADDRESS reflection             with what server reflection tells
"use strict";

const assert = require("assert");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const { load } = require("./reflection");

const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
const deadline = () => ({ deadline: Date.now() + 20000 });

async function definitions(address, how, folder) {
  const names = ["services", "phone_numbers", "sessions", "participants", "interactions", "events", "simulator"];
  if (how === "reflection") return load(address, "maskline.v1.", options);
  const files = names.map((name) => `maskline/v1/${name}.proto`);
  return loader.loadSync(files, { ...options, includeDirs: [folder] });
}

// Every unary method of a client as a promise.
function promised(client) {
  return new Proxy(client, {
    get: (target, name) => (request) =>
      new Promise((resolve, reject) =>
        target[name](request, deadline(), (error, answer) => (error ? reject(error) : resolve(answer)))),
  });
}

// A stream whose messages can be waited for.
class Reader {
  constructor(stream) {
    this.stream = stream;
    this.messages = [];
    this.waiting = null;
    this.ended = new Promise((resolve) => {
      stream.on("error", resolve);
      stream.on("end", () => resolve(null));
    });
    stream.on("data", (message) => {
      this.messages.push(message);
      if (this.waiting) this.waiting();
    });
  }

  async until(wanted, what) {
    for (const end = Date.now() + 20000; ; ) {
      const found = this.messages.find(wanted);
      if (found) return found;
      assert.ok(Date.now() < end, `never came: ${what}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

async function refused(call, code, reason) {
  const error = await call.then(
    () => assert.fail(`should have been refused: ${reason}`),
    (problem) => problem);
  assert.strictEqual(error.code, code, error.message);
  const details = error.metadata.get("grpc-status-details-bin")[0];
  assert.ok(details && details.includes(reason), `${error.message}: no ${reason} in the details`);
}

async function main([address, how, folder]) {
  const api = grpc.loadPackageDefinition(await definitions(address, how, folder)).maskline.v1;
  const plain = grpc.credentials.createInsecure();
  const raw = {};
  const on = {};
  for (const name of ["Services", "PhoneNumbers", "Sessions", "Participants", "Interactions", "Events", "Simulator"]) {
    raw[name] = new api[name](address, plain);
    on[name] = promised(raw[name]);
  }
  const world = how === "reflection" ? "2" : "1";
  const [ann, bob] = [`+1556000${world}001`, `+1556000${world}002`];
  const service = `node-${how}`;

  const made = (await on.Services.CreateService({ unique_name: service, request_id: "a" })).service;
  assert.match(made.sid, /^KS[0-9a-f]{32}$/);
  const again = (await on.Services.CreateService({ unique_name: service, request_id: "a" })).service;
  assert.strictEqual(again.sid, made.sid);
  await refused(on.Services.CreateService({ unique_name: service }), grpc.status.ALREADY_EXISTS, "SERVICE_NAME_TAKEN");
  assert.strictEqual(made.number_policy.cool_down.seconds, "14400");

  const events = new Reader(raw.Events.StreamEvents({ service, after_position: 0, start: "after_position" }));
  for (const last of ["1", "2"])
    await on.PhoneNumbers.AddPhoneNumber({ service, phone_number: `+1555000${world}00${last}` });
  for (const phone_number of [ann, bob]) await on.Simulator.AddHandset({ phone_number });
  const phones = {};
  for (const handset of [ann, bob]) {
    phones[handset] = new Reader(raw.Simulator.WatchHandset({ handset }));
    await phones[handset].until((m) => m.ready, "ready");
  }

  await refused(on.Sessions.CreateSession({ service, participants: [{ identifier: "nobody" }] }),
    grpc.status.INVALID_ARGUMENT, "participants[0].identifier");
  const { session } = await on.Sessions.CreateSession({
    service, unique_name: "trip", ttl: { seconds: 3600 }, participants: [{ identifier: ann }, { identifier: bob }],
  });
  assert.strictEqual(session.status, "SESSION_STATUS_OPEN");
  const [first, second] = session.participants;
  assert.notStrictEqual(first.proxy_identifier, "");

  const there = await on.Simulator.SendText({ handset: ann, recipient: first.proxy_identifier, body: "Where are you? ☂" });
  assert.strictEqual(there.outcome, "INBOUND_OUTCOME_ACCEPTED");
  const text = (await phones[bob].until((m) => m.text, "Ann's text")).text;
  assert.strictEqual(text.sender, second.proxy_identifier);
  assert.strictEqual(text.body, "Where are you? ☂");
  await on.Simulator.SendText({ handset: bob, recipient: second.proxy_identifier, body: "Here." });
  const reply = (await phones[ann].until((m) => m.text, "Bob's text")).text;
  assert.strictEqual(reply.sender, first.proxy_identifier);
  const stranger = await on.Simulator.SendText({ handset: bob, recipient: "+15550009999", body: "?" });
  assert.strictEqual(stranger.outcome, "INBOUND_OUTCOME_REJECTED");

  await on.Interactions.SendMessage({ service, session: "trip", participant: first.sid, body: "Rate your trip." });
  await phones[ann].until((m) => m.text && m.text.body === "Rate your trip.", "the Service's text");
  await events.until((m) => m.event && m.event.leg_updated && m.event.leg_updated.leg.status === "LEG_STATUS_DELIVERED" &&
    events.messages.filter((n) => n.event && n.event.interaction_created).length === 3, "three messages and a delivery");
  const listed = (await on.Interactions.ListInteractions({ service, session: "trip" })).interactions;
  assert.deepStrictEqual(listed.map((i) => i.content.body), ["Where are you? ☂", "Here.", "Rate your trip."]);

  const closed = await on.Sessions.UpdateSession({ service, session: "trip", status: "SESSION_STATUS_CLOSED" });
  assert.strictEqual(closed.session.closed_reason, "SESSION_CLOSED_REASON_API");
  await refused(on.Sessions.GetSession({ service, session: "no such" }), grpc.status.NOT_FOUND, "SESSION_NOT_FOUND");
  await refused(on.Interactions.SendMessage({ service, session: "trip", participant: first.sid, body: "late" }),
    grpc.status.FAILED_PRECONDITION, "SESSION_CLOSED");
  await events.until((m) => m.event && m.event.session_closed, "the end of the session");

  const told = events.messages.filter((m) => m.event).map((m) => m.event);
  told.forEach((event, i) => assert.strictEqual(event.position, String(i + 1), "a gap in the events"));
  for (const number of [ann, bob]) assert.ok(!JSON.stringify(told).includes(number), "an event tells a real number");

  const page = await on.Events.ListEvents({ service, page_size: 1000 });
  assert.deepStrictEqual(page.events, told.slice(0, page.events.length));
  const handsets = await on.Simulator.ListHandsets({ page_size: 1 });
  assert.ok(handsets.next_page_token.length > 0);

  for (const reader of [events, ...Object.values(phones)]) {
    reader.stream.cancel();
    const end = await reader.ended;
    assert.ok(end === null || end.code === grpc.status.CANCELLED, String(end));
  }
  for (const client of Object.values(raw)) client.close();
  console.log(`story (${how}): ${told.length} events`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
