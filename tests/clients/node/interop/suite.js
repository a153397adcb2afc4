// What the interoperability suite's client and server in Node share.
"use strict";

const path = require("path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const protos = path.join(__dirname, "../../../interop");
const definition = loader.loadSync("grpc/testing/test.proto", {
  keepCase: true, enums: String, defaults: true, oneofs: true, includeDirs: [protos],
});

const flag = (name, otherwise) => {
  const at = process.argv.indexOf("--" + name);
  if (at >= 0) return process.argv[at + 1];
  if (otherwise === undefined) throw new Error(`--${name} is missing`);
  return otherwise;
};

module.exports = {
  flag,
  testing: grpc.loadPackageDefinition(definition).grpc.testing,
  ECHO_INITIAL: "x-grpc-test-echo-initial",
  ECHO_TRAILING: "x-grpc-test-echo-trailing-bin",
  LARGEST: 16 << 20,
};
