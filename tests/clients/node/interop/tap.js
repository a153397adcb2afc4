// Stands between a client and a server of the suite, and tells what went over the wire:
//
//   node tap.js --to PORT [--keep yes]
//
// Tells its own port, and for each call that ends a line of JSON: the path, and for each message of request and answer whether
// its flag says that it is compressed. With --keep, what a server lets proxies keep is kept, and answers equal requests. Ends
// when its standard input does and the calls have ended.
"use strict";

const http2 = require("http2");
const { flag } = require("./suite");

const { HTTP2_HEADER_METHOD: METHOD, HTTP2_HEADER_PATH: PATH, HTTP2_HEADER_STATUS: STATUS } = http2.constants;
const HEAD = 5;
const keep = flag("keep", "no") === "yes";
const kept = new Map();
let open = 0;
let closing = false;

// The compressed flags of the messages in a body of gRPC.
function flags(body) {
  const found = [];
  for (let at = 0; at + HEAD <= body.length; at += HEAD + body.readUInt32BE(at + 1)) found.push(body[at] === 1);
  return found;
}

const plain = (headers) => Object.fromEntries(Object.entries(headers).filter(([key]) => key !== STATUS));

const lasts = (headers) => /(?:^|[ ,])max-age=[1-9]/.test(headers["cache-control"] || "");

// Gives a whole answer to the client.
function give(stream, { headers, body, trailers }) {
  stream.respond({ ...headers }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(plain(trailers)));
  stream.end(body);
}

// Passes the request on, and the answer back when it is whole: no case that is looked at needs more.
function pass(stream, headers, request, done) {
  const ahead = session.request({ ...headers }, { endStream: false });
  const answer = { headers: {}, trailers: {}, body: Buffer.alloc(0) };
  const parts = [];
  ahead.on("response", (received) => (answer.headers = received));
  ahead.on("trailers", (received) => (answer.trailers = received));
  ahead.on("data", (part) => parts.push(part));
  ahead.on("error", () => stream.close());
  ahead.on("end", () => {
    answer.body = Buffer.concat(parts);
    done(answer);
  });
  ahead.end(request);
}

function tell(path, request, answer) {
  console.log(JSON.stringify({ path, asked: flags(request), answered: flags(answer.body) }));
}

function finish() {
  open -= 1;
  if (closing && open === 0) end();
}

function end() {
  server.close();
  session.destroy();
  for (const one of clients) one.destroy();
}

function serve(stream, headers) {
  const parts = [];
  open += 1;
  stream.on("close", finish);
  stream.on("error", () => {});
  stream.on("data", (part) => parts.push(part));
  stream.on("end", () => {
    const request = Buffer.concat(parts);
    const key = `${headers[METHOD]} ${headers[PATH]} ${request.toString("base64")}`;
    if (kept.has(key)) return give(stream, kept.get(key));
    pass(stream, headers, request, (answer) => {
      tell(headers[PATH], request, answer);
      if (keep && lasts(answer.headers) && answer.trailers["grpc-status"] === "0") kept.set(key, answer);
      if (!stream.destroyed) give(stream, answer);
    });
  });
}

const clients = new Set();
const session = http2.connect(`http://127.0.0.1:${flag("to")}`);
const server = http2.createServer();
server.on("session", (one) => {
  clients.add(one);
  one.on("close", () => clients.delete(one));
});
server.on("stream", serve);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin
  .on("end", () => {
    closing = true;
    if (open === 0) end();
  })
  .resume();
