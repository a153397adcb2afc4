// The suite's server in Node, on grpc-js: node server.js --port N. Tells its port; ends when its standard input does.
//
// The library neither compresses answers nor tells whether a request came compressed, so nothing is said of compression here.
"use strict";

const grpc = require("@grpc/grpc-js");
const { setTimeout: pause } = require("timers/promises");
const { flag, testing, ECHO_INITIAL, ECHO_TRAILING, LARGEST } = require("./suite");

// The metadata of the answer's beginning and end that the request's ask for.
function echoed(call) {
  const initial = new grpc.Metadata();
  const trailing = new grpc.Metadata();
  for (const value of call.metadata.get(ECHO_INITIAL)) initial.add(ECHO_INITIAL, value);
  for (const value of call.metadata.get(ECHO_TRAILING)) trailing.add(ECHO_TRAILING, value);
  return { initial, trailing };
}

const failure = (status, metadata) => ({ code: status.code, details: status.message, metadata });
const badPayload = { code: grpc.status.INVALID_ARGUMENT, details: "There is no such payload." };
const payload = (type, size) => {
  if (type !== "COMPRESSABLE" || size < 0 || size > LARGEST) throw badPayload;
  return { type, body: Buffer.alloc(size) };
};

function emptyCall(call, done) {
  done(null, {});
}

function unaryCall(call, done) {
  const { initial, trailing } = echoed(call);
  const { response_status: status, response_type: type, response_size: size } = call.request;
  call.sendMetadata(initial);
  if (status && status.code !== 0) return done(failure(status, trailing));
  try {
    done(null, { payload: payload(type, size) }, trailing);
  } catch (error) {
    done(error);
  }
}

function cacheableUnaryCall(call, done) {
  const initial = new grpc.Metadata();
  initial.set("cache-control", "max-age=60, public");
  call.sendMetadata(initial);
  done(null, { payload: { body: Buffer.from(String(process.hrtime.bigint())) } });
}

function streamingInputCall(call, done) {
  let total = 0;
  call.on("data", (request) => (total += request.payload ? request.payload.body.length : 0));
  call.on("end", () => done(null, { aggregated_payload_size: total }));
}

async function answer(call, request) {
  for (const wanted of request.response_parameters) {
    if (wanted.interval_us > 0) await pause(wanted.interval_us / 1000);
    call.write({ payload: payload(request.response_type, wanted.size) });
  }
}

// Answers the requests one by one; a status that one asks for ends the call.
async function output(call, requests) {
  const { initial, trailing } = echoed(call);
  call.sendMetadata(initial);
  try {
    for await (const request of requests) {
      const status = request.response_status;
      if (status && status.code !== 0) return call.emit("error", failure(status, trailing));
      await answer(call, request);
    }
    call.end(trailing);
  } catch (error) {
    if (!call.cancelled) call.emit("error", error);
  }
}

// The requests of a call, which is still to be answered when they have come.
const coming = (call) => call.iterator({ destroyOnReturn: false });

async function halfDuplexCall(call) {
  const requests = [];
  for await (const request of coming(call)) requests.push(request);
  await output(call, requests);
}

const server = new grpc.Server({ "grpc.max_receive_message_length": LARGEST });
server.addService(testing.TestService.service, {
  emptyCall,
  unaryCall,
  cacheableUnaryCall,
  streamingInputCall,
  streamingOutputCall: (call) => output(call, [call.request]),
  fullDuplexCall: (call) => output(call, coming(call)),
  halfDuplexCall,
});
server.bindAsync(`127.0.0.1:${flag("port")}`, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.stdin.on("end", () => server.forceShutdown()).resume();
