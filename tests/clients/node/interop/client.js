// The suite's client in Node, on grpc-js: node client.js --port N --case NAME,NAME... Tells of each case in one line: that it
// holds, or why not.
//
// The library does not tell whether an answer came compressed; the test looks at that on the wire.
"use strict";

const assert = require("assert");
const grpc = require("@grpc/grpc-js");
const { flag, testing, ECHO_INITIAL, ECHO_TRAILING, LARGEST } = require("./suite");

const LARGE_REQUEST = 271828;
const LARGE_RESPONSE = 314159;
const REQUESTS = [27182, 8, 1828, 45904];
const RESPONSES = [31415, 9, 2653, 58979];
const GZIP = 2;
const NO_COMPRESS = 2;

const address = `127.0.0.1:${flag("port")}`;
const options = { "grpc.max_receive_message_length": LARGEST };
const client = new testing.TestService(address, grpc.credentials.createInsecure(), options);
const bound = (ms = 120000) => ({ deadline: Date.now() + ms });
const zeros = (size) => ({ type: "COMPRESSABLE", body: Buffer.alloc(size) });

function checkZeros(payload, size) {
  assert.strictEqual(payload.type, "COMPRESSABLE");
  assert(payload.body.equals(Buffer.alloc(size)), `the payload is not ${size} zeros, but ${payload.body.length} bytes`);
}

function checkCode(status, code) {
  const name = (number) => grpc.status[number];
  assert.strictEqual(status.code, code, `the call ended with ${name(status.code)} (${status.details}), not with ${name(code)}`);
}

// A call of one answer: its status, answer and metadata. `begin` gets the callback and returns the call.
function ended(begin) {
  return new Promise((resolve) => {
    const end = {};
    const done = () => end.status && end.told && resolve(end);
    const call = begin((error, response) => {
      Object.assign(end, { told: true, response });
      done();
    });
    call.on("metadata", (metadata) => (end.initial = metadata));
    call.on("status", (status) => {
      end.status = status;
      done();
    });
  });
}

async function unary(method, request, { on = client, metadata = new grpc.Metadata(), code = grpc.status.OK, more = {} } = {}) {
  const end = await ended((told) => on[method](request, metadata, { ...bound(), ...more }, told));
  checkCode(end.status, code);
  return end;
}

// A call that streams answers: these, its status and metadata.
function followed(call, heard = () => {}) {
  return new Promise((resolve) => {
    const end = { responses: [] };
    call.on("data", (response) => {
      end.responses.push(response);
      heard(end.responses.length, response);
    });
    call.on("metadata", (metadata) => (end.initial = metadata));
    call.on("error", () => {});
    call.on("status", (status) => resolve(Object.assign(end, { status })));
  });
}

// Sends each message as `plain` says; the library takes flags from interceptors only.
const withFlags = (plain) => {
  class Flagged extends grpc.InterceptingCall {
    sendMessageWithContext(context, message) {
      super.sendMessageWithContext({ ...context, flags: plain.shift() ? NO_COMPRESS : 0 }, message);
    }
  }
  return { interceptors: [(options_, next) => new Flagged(next(options_))] };
};

const packing = () =>
  new testing.TestService(address, grpc.credentials.createInsecure(), { ...options, "grpc.default_compression_algorithm": GZIP });

const large = (more = {}) => ({ response_size: LARGE_RESPONSE, payload: zeros(LARGE_REQUEST), ...more });

const cases = {
  async empty_unary() {
    assert.deepStrictEqual((await unary("emptyCall", {})).response, {});
  },

  async cacheable_unary() {
    const metadata = new grpc.Metadata();
    metadata.set("x-user-ip", "1.2.3.4");
    const request = { payload: { body: Buffer.from(String(process.hrtime.bigint())) } };
    const [first, second] = [await unary("cacheableUnaryCall", request, { metadata }),
      await unary("cacheableUnaryCall", request, { metadata })].map((end) => end.response.payload.body);
    assert(first.length > 0, "the answer has no payload");
    assert(first.equals(second), "two equal requests were answered differently: no proxy has kept the first");
  },

  async large_unary() {
    checkZeros((await unary("unaryCall", large())).response.payload, LARGE_RESPONSE);
  },

  async concurrent_large_unary() {
    const request = large();
    const calls = Array.from({ length: Number(flag("calls", "1000")) }, () => unary("unaryCall", request));
    for (const { response } of await Promise.all(calls)) checkZeros(response.payload, LARGE_RESPONSE);
  },

  async client_compressed_unary() {
    const on = packing();
    const tell = (value, plain, code) =>
      unary("unaryCall", large({ expect_compressed: { value } }), { on, code, more: withFlags([plain]) });
    await tell(true, true, grpc.status.INVALID_ARGUMENT);
    checkZeros((await tell(true, false)).response.payload, LARGE_RESPONSE);
    checkZeros((await tell(false, true)).response.payload, LARGE_RESPONSE);
    on.close();
  },

  async server_compressed_unary() {
    for (const value of [true, false]) {
      const { response } = await unary("unaryCall", large({ response_compressed: { value } }));
      checkZeros(response.payload, LARGE_RESPONSE);
    }
  },

  async client_streaming() {
    const { status, response } = await ended((told) => {
      const call = client.streamingInputCall(bound(), told);
      for (const size of REQUESTS) call.write({ payload: zeros(size) });
      call.end();
      return call;
    });
    checkCode(status, grpc.status.OK);
    assert.strictEqual(response.aggregated_payload_size, 74922);
  },

  async client_compressed_streaming() {
    const on = packing();
    const send = (plain, ...requests) => ended((told) => {
      const call = on.streamingInputCall({ ...bound(), ...withFlags(plain) }, told);
      for (const [value, size] of requests) call.write({ payload: zeros(size), expect_compressed: { value } });
      call.end();
      return call;
    });
    checkCode((await send([true], [true, 27182])).status, grpc.status.INVALID_ARGUMENT);
    const { status, response } = await send([false, true], [true, 27182], [false, 45904]);
    checkCode(status, grpc.status.OK);
    assert.strictEqual(response.aggregated_payload_size, 73086);
    on.close();
  },

  async server_streaming() {
    const request = { response_parameters: RESPONSES.map((size) => ({ size })) };
    const { status, responses } = await followed(client.streamingOutputCall(request, bound()));
    checkCode(status, grpc.status.OK);
    assert.strictEqual(responses.length, RESPONSES.length);
    responses.forEach((response, i) => checkZeros(response.payload, RESPONSES[i]));
  },

  async server_compressed_streaming() {
    const sizes = [31415, 92653];
    const request = { response_parameters: sizes.map((size, i) => ({ size, compressed: { value: i === 0 } })) };
    const { status, responses } = await followed(client.streamingOutputCall(request, bound()));
    checkCode(status, grpc.status.OK);
    assert.strictEqual(responses.length, sizes.length);
    responses.forEach((response, i) => checkZeros(response.payload, sizes[i]));
  },

  async ping_pong() {
    const call = client.fullDuplexCall(bound());
    const step = (i) => {
      if (i === REQUESTS.length) call.end();
      else call.write({ response_parameters: [{ size: RESPONSES[i] }], payload: zeros(REQUESTS[i]) });
    };
    step(0);
    const { status, responses } = await followed(call, step);
    checkCode(status, grpc.status.OK);
    assert.strictEqual(responses.length, RESPONSES.length);
    responses.forEach((response, i) => checkZeros(response.payload, RESPONSES[i]));
  },

  async empty_stream() {
    const call = client.fullDuplexCall(bound());
    call.end();
    const { status, responses } = await followed(call);
    checkCode(status, grpc.status.OK);
    assert.strictEqual(responses.length, 0);
  },

  async custom_metadata() {
    const metadata = new grpc.Metadata();
    metadata.set(ECHO_INITIAL, "test_initial_metadata_value");
    metadata.set(ECHO_TRAILING, Buffer.from("ababab", "hex"));
    const one = await unary("unaryCall", large(), { metadata });
    checkZeros(one.response.payload, LARGE_RESPONSE);
    const call = client.fullDuplexCall(metadata, bound());
    call.write({ response_parameters: [{ size: LARGE_RESPONSE }], payload: zeros(LARGE_REQUEST) });
    call.end();
    const stream = await followed(call);
    checkCode(stream.status, grpc.status.OK);
    assert.strictEqual(stream.responses.length, 1);
    checkZeros(stream.responses[0].payload, LARGE_RESPONSE);
    for (const end of [one, stream]) {
      assert.deepStrictEqual(end.initial.get(ECHO_INITIAL), ["test_initial_metadata_value"]);
      assert.deepStrictEqual(end.status.metadata.get(ECHO_TRAILING).map((value) => value.toString("hex")), ["ababab"]);
    }
  },

  async status_code_and_message() {
    const wanted = { code: 2, message: "test status message" };
    const one = await unary("unaryCall", { response_status: wanted }, { code: grpc.status.UNKNOWN });
    assert.strictEqual(one.status.details, wanted.message);
    const call = client.fullDuplexCall(bound());
    call.write({ response_status: wanted });
    call.end();
    const { status } = await followed(call);
    checkCode(status, grpc.status.UNKNOWN);
    assert.strictEqual(status.details, wanted.message);
  },

  async special_status_message() {
    const message = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n";
    const { status } = await unary("unaryCall", { response_status: { code: 2, message } }, { code: grpc.status.UNKNOWN });
    assert.strictEqual(status.details, message);
  },

  async unimplemented_method() {
    await unary("unimplementedCall", {}, { code: grpc.status.UNIMPLEMENTED });
  },

  async unimplemented_service() {
    const on = new testing.UnimplementedService(address, grpc.credentials.createInsecure());
    await unary("unimplementedCall", {}, { on, code: grpc.status.UNIMPLEMENTED });
    on.close();
  },

  async cancel_after_begin() {
    const { status } = await ended((told) => {
      const call = client.streamingInputCall(bound(), told);
      setImmediate(() => call.cancel());
      return call;
    });
    checkCode(status, grpc.status.CANCELLED);
  },

  async cancel_after_first_response() {
    const call = client.fullDuplexCall(bound());
    call.write({ response_parameters: [{ size: RESPONSES[0] }], payload: zeros(REQUESTS[0]) });
    const { status, responses } = await followed(call, () => call.cancel());
    checkCode(status, grpc.status.CANCELLED);
    assert.strictEqual(responses.length, 1);
    checkZeros(responses[0].payload, RESPONSES[0]);
  },

  async timeout_on_sleeping_server() {
    const call = client.fullDuplexCall(bound(1));
    call.write({ payload: zeros(REQUESTS[0]) });
    const { status } = await followed(call);
    checkCode(status, grpc.status.DEADLINE_EXCEEDED);
  },
};

(async () => {
  for (const name of flag("case").split(",")) {
    try {
      await cases[name]();
      console.log(`${name} holds`);
    } catch (error) {
      console.log(`${name}: ${String(error.message).replaceAll("\n", " ")}`);
      process.exitCode = 1;
    }
  }
  client.close();
})();
