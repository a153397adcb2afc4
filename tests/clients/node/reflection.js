// The API as server reflection tells it: no .proto file is read.
"use strict";

const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const field = (type, id, rule) => (rule ? { type, id, rule } : { type, id });
const schema = {
  nested: {
    ServerReflectionRequest: {
      oneofs: { message_request: { oneof: ["file_containing_symbol", "list_services"] } },
      fields: { file_containing_symbol: field("string", 4), list_services: field("string", 7) },
    },
    FileDescriptorResponse: { fields: { file_descriptor_proto: field("bytes", 1, "repeated") } },
    ServiceResponse: { fields: { name: field("string", 1) } },
    ListServiceResponse: { fields: { service: field("ServiceResponse", 1, "repeated") } },
    ErrorResponse: { fields: { error_code: field("int32", 1), error_message: field("string", 2) } },
    ServerReflectionResponse: {
      fields: {
        file_descriptor_response: field("FileDescriptorResponse", 4),
        list_services_response: field("ListServiceResponse", 6),
        error_response: field("ErrorResponse", 7),
      },
    },
    ServerReflection: {
      methods: {
        ServerReflectionInfo: {
          requestType: "ServerReflectionRequest", requestStream: true,
          responseType: "ServerReflectionResponse", responseStream: true,
        },
      },
    },
  },
};

const reflection = (version) => {
  const parts = ["grpc", "reflection", version];
  const nested = parts.reduceRight((inner, name) => ({ nested: { [name]: inner } }), schema);
  return grpc.loadPackageDefinition(loader.fromJSON(nested, { keepCase: true })).grpc.reflection[version].ServerReflection;
};

// Asks one question after the other on one stream.
function session(address, version) {
  const client = new (reflection(version))(address, grpc.credentials.createInsecure());
  const stream = client.ServerReflectionInfo({ deadline: Date.now() + 20000 });
  const ask = (question) =>
    new Promise((resolve, reject) => {
      stream.once("data", (answer) =>
        answer.error_response ? reject(new Error(answer.error_response.error_message)) : resolve(answer));
      stream.once("error", reject);
      stream.write(question);
    });
  const end = () => {
    stream.removeAllListeners("error");
    stream.on("error", () => {});
    stream.end();
    client.close();
  };
  return { ask, end };
}

// A FileDescriptorSet is its files, each with tag and length before it.
function descriptorSet(files) {
  const parts = [];
  for (const file of files) {
    const head = [0x0a];
    let length = file.length;
    for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
    head.push(length);
    parts.push(Buffer.from(head), file);
  }
  return Buffer.concat(parts);
}

exports.load = async (address, prefix, options) => {
  const files = new Map();
  for (const version of ["v1", "v1alpha"]) {
    const { ask, end } = session(address, version);
    const listed = (await ask({ list_services: "*" })).list_services_response.service.map((service) => service.name);
    for (const name of listed.filter((service) => service.startsWith(prefix)))
      for (const file of (await ask({ file_containing_symbol: name })).file_descriptor_response.file_descriptor_proto)
        files.set(file.toString("latin1"), file);
    end();
  }
  if (files.size === 0) throw new Error(`no service begins with ${prefix}`);
  return loader.loadFileDescriptorSetFromBuffer(descriptorSet(files.values()), options);
};
