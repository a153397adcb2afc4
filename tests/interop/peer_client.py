#!/usr/bin/python3
"""The suite's client in Python, on python3-grpcio: peer_client.py --port N --case NAME,NAME...

Tells of each case in one line: that it holds, or why not.
"""

import queue
import sys
import time

import peer
from peer import grpc, messages

# What a call may take at most, in seconds.
BOUND = 120
LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159
REQUESTS, RESPONSES = [27182, 8, 1828, 45904], [31415, 9, 2653, 58979]


class Wrong(Exception):
    """A case does not hold."""


def check(holds, why):
    if not holds:
        raise Wrong(why)


def check_code(error, code):
    check(error.code() == code, f"the call ended with {error.code().name} ({error.details()}), not with {code.name}")


def zeros(size):
    return messages.Payload(body=bytes(size))


def check_zeros(payload, size):
    check(payload.type == messages.COMPRESSABLE and payload.body == bytes(size),
          f"the payload is not {size} zeros, but {len(payload.body)} bytes")


def expect_error(code, call):
    """The error that a call ends with."""
    try:
        call()
    except grpc.RpcError as error:
        check_code(error, code)
        return error
    raise Wrong(f"the call ended with OK, not with {code.name}")


def parameters(*sizes):
    return [messages.ResponseParameters(size=size) for size in sizes]


class Client:
    def __init__(self, port):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", peer.LARGEST)])
        self.stub = peer.stubs.TestServiceStub(self.channel)
        self.calls = int(peer.flag("calls", "1000"))

    def raw(self, kind, method, response):
        """A method whose answers come with whether they came compressed, on a channel of its own."""
        channel = grpc.insecure_channel(f"127.0.0.1:{peer.flag('port')}", options=peer.UNINFLATED)
        return getattr(channel, kind)(f"/{peer.SERVICE}/{method}", lambda message: message.SerializeToString(),
                                      peer.reader(response))

    def empty_unary(self):
        check(self.stub.EmptyCall(peer.empty.Empty(), timeout=BOUND).ByteSize() == 0, "the answer is not empty")

    def cacheable_unary(self):
        request = messages.SimpleRequest(payload=messages.Payload(body=b"%d" % time.time_ns()))
        first, second = (self.stub.CacheableUnaryCall(request, timeout=BOUND, metadata=(("x-user-ip", "1.2.3.4"),))
                         for _ in range(2))
        check(first.payload.body, "the answer has no payload")
        check(first.payload.body == second.payload.body,
              "two equal requests were answered differently: no proxy has kept the first")

    def large(self, **more):
        return messages.SimpleRequest(response_size=LARGE_RESPONSE, payload=zeros(LARGE_REQUEST), **more)

    def large_unary(self):
        check_zeros(self.stub.UnaryCall(self.large(), timeout=BOUND).payload, LARGE_RESPONSE)

    def concurrent_large_unary(self):
        request = self.large()
        calls = [self.stub.UnaryCall.future(request, timeout=BOUND) for _ in range(self.calls)]
        for call in calls:
            check_zeros(call.result().payload, LARGE_RESPONSE)

    def client_compressed_unary(self):
        yes, no = messages.BoolValue(value=True), messages.BoolValue(value=False)
        expect_error(grpc.StatusCode.INVALID_ARGUMENT,
                     lambda: self.stub.UnaryCall(self.large(expect_compressed=yes), timeout=BOUND))
        packed = self.stub.UnaryCall(self.large(expect_compressed=yes), timeout=BOUND, compression=grpc.Compression.Gzip)
        check_zeros(packed.payload, LARGE_RESPONSE)
        check_zeros(self.stub.UnaryCall(self.large(expect_compressed=no), timeout=BOUND).payload, LARGE_RESPONSE)

    def server_compressed_unary(self):
        call = self.raw("unary_unary", "UnaryCall", messages.SimpleResponse)
        for wanted in (True, False):
            response, packed = call(self.large(response_compressed=messages.BoolValue(value=wanted)), timeout=BOUND)
            check_zeros(response.payload, LARGE_RESPONSE)
            check(packed == wanted, f"the answer came {'' if packed else 'un'}compressed")

    def client_streaming(self):
        requests = [messages.StreamingInputCallRequest(payload=zeros(size)) for size in REQUESTS]
        total = self.stub.StreamingInputCall(iter(requests), timeout=BOUND).aggregated_payload_size
        check(total == 74922, f"the server counted {total} bytes, not 74922")

    def client_compressed_streaming(self):
        """The library compresses all messages of a call or none: here all."""
        first = messages.StreamingInputCallRequest(payload=zeros(27182), expect_compressed=messages.BoolValue(value=True))
        second = messages.StreamingInputCallRequest(payload=zeros(45904), expect_compressed=messages.BoolValue(value=False))
        expect_error(grpc.StatusCode.INVALID_ARGUMENT, lambda: self.stub.StreamingInputCall(iter([first]), timeout=BOUND))
        total = self.stub.StreamingInputCall(iter([first, second]), timeout=BOUND,
                                             compression=grpc.Compression.Gzip).aggregated_payload_size
        check(total == 73086, f"the server counted {total} bytes, not 73086")

    def server_streaming(self):
        request = messages.StreamingOutputCallRequest(response_parameters=parameters(*RESPONSES))
        responses = list(self.stub.StreamingOutputCall(request, timeout=BOUND))
        check(len(responses) == 4, f"{len(responses)} answers came")
        for response, size in zip(responses, RESPONSES):
            check_zeros(response.payload, size)

    def server_compressed_streaming(self):
        request = messages.StreamingOutputCallRequest(response_parameters=[
            messages.ResponseParameters(size=31415, compressed=messages.BoolValue(value=True)),
            messages.ResponseParameters(size=92653, compressed=messages.BoolValue(value=False))])
        call = self.raw("unary_stream", "StreamingOutputCall", messages.StreamingOutputCallResponse)
        responses = list(call(request, timeout=BOUND))
        check([packed for _, packed in responses] == [True, False], f"compressed: {[packed for _, packed in responses]}")
        for (response, _), size in zip(responses, (31415, 92653)):
            check_zeros(response.payload, size)

    def talk(self, **options):
        """A full duplex call and the queue of its requests, which None ends."""
        requests = queue.SimpleQueue()
        return self.stub.FullDuplexCall(iter(requests.get, None), **{"timeout": BOUND, **options}), requests

    def ping_pong(self):
        call, requests = self.talk()
        for sent, wanted in zip(REQUESTS, RESPONSES):
            requests.put(messages.StreamingOutputCallRequest(response_parameters=parameters(wanted), payload=zeros(sent)))
            check_zeros(next(call).payload, wanted)
        requests.put(None)
        check(not list(call), "there are answers that were not asked for")

    def empty_stream(self):
        call, requests = self.talk()
        requests.put(None)
        check(not list(call), "there are answers that were not asked for")

    def custom_metadata(self):
        initial, trailing = (peer.ECHO_INITIAL, "test_initial_metadata_value"), (peer.ECHO_TRAILING, b"\xab\xab\xab")
        response, unary = self.stub.UnaryCall.with_call(self.large(), timeout=BOUND, metadata=(initial, trailing))
        check_zeros(response.payload, LARGE_RESPONSE)
        stream, requests = self.talk(metadata=(initial, trailing))
        requests.put(messages.StreamingOutputCallRequest(response_parameters=parameters(LARGE_RESPONSE),
                                                         payload=zeros(LARGE_REQUEST)))
        requests.put(None)
        responses = list(stream)
        check(len(responses) == 1, f"{len(responses)} answers came")
        check_zeros(responses[0].payload, LARGE_RESPONSE)
        for call in (unary, stream):
            check(initial in tuple(call.initial_metadata()), f"the initial metadata are {call.initial_metadata()}")
            check(trailing in tuple(call.trailing_metadata()), f"the trailing metadata are {call.trailing_metadata()}")

    def status_code_and_message(self):
        wanted = messages.EchoStatus(code=2, message="test status message")
        self.unary_status(wanted)
        call, requests = self.talk()
        requests.put(messages.StreamingOutputCallRequest(response_status=wanted))
        requests.put(None)
        error = expect_error(grpc.StatusCode.UNKNOWN, lambda: list(call))
        check(error.details() == wanted.message, f"the message is {error.details()!r}")

    def unary_status(self, wanted):
        request = messages.SimpleRequest(response_status=wanted)
        error = expect_error(grpc.StatusCode.UNKNOWN, lambda: self.stub.UnaryCall(request, timeout=BOUND))
        check(error.details() == wanted.message, f"the message is {error.details()!r}")

    def special_status_message(self):
        text = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
        self.unary_status(messages.EchoStatus(code=2, message=text))

    def unimplemented_method(self):
        expect_error(grpc.StatusCode.UNIMPLEMENTED, lambda: self.stub.UnimplementedCall(peer.empty.Empty(), timeout=BOUND))

    def unimplemented_service(self):
        stub = peer.stubs.UnimplementedServiceStub(self.channel)
        expect_error(grpc.StatusCode.UNIMPLEMENTED, lambda: stub.UnimplementedCall(peer.empty.Empty(), timeout=BOUND))

    def cancel_after_begin(self):
        requests = queue.SimpleQueue()
        call = self.stub.StreamingInputCall.future(iter(requests.get, None), timeout=BOUND)
        call.cancel()
        requests.put(None)
        check(call.cancelled() and call.code() == grpc.StatusCode.CANCELLED, f"the call ended with {call.code()}")

    def cancel_after_first_response(self):
        call, requests = self.talk()
        requests.put(messages.StreamingOutputCallRequest(response_parameters=parameters(RESPONSES[0]),
                                                         payload=zeros(REQUESTS[0])))
        check_zeros(next(call).payload, RESPONSES[0])
        call.cancel()
        requests.put(None)
        expect_error(grpc.StatusCode.CANCELLED, lambda: next(call))

    def timeout_on_sleeping_server(self):
        call, requests = self.talk(timeout=0.001)
        requests.put(messages.StreamingOutputCallRequest(payload=zeros(REQUESTS[0])))
        expect_error(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: next(call))
        requests.put(None)


def main():
    client = Client(peer.flag("port"))
    status = 0
    for name in peer.flag("case").split(","):
        try:
            getattr(client, name)()
            print(f"{name} holds", flush=True)
        except (Wrong, grpc.RpcError) as error:
            why = f"the call ended with {error.code().name} ({error.details()})" if isinstance(error, grpc.RpcError) else error
            print(f"{name}: {why}", flush=True)
            status = 1
    client.channel.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
