"""What the suite wants of a server, and no case of it asks for: told to our server by python3-grpcio."""

import queue
import time

BOUND = 120


def code_of(call, grpc):
    """The code that a call ends with, and how many answers came before."""
    count = 0
    try:
        for _ in call:
            count += 1
    except grpc.RpcError as error:
        return error.code(), count
    return grpc.StatusCode.OK, count


def check(log, port):
    import peer  # the messages are made by now
    from peer import grpc, messages

    def asking(*sizes, **more):
        return messages.StreamingOutputCallRequest(
            response_parameters=[messages.ResponseParameters(size=size) for size in sizes], **more)

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = peer.stubs.TestServiceStub(channel)
        code = grpc.StatusCode

        bad = [messages.SimpleRequest(response_size=-1), messages.SimpleRequest(response_size=peer.LARGEST + 1),
               messages.SimpleRequest(response_type=7)]
        for request in bad:
            call = stub.UnaryCall.future(request, timeout=BOUND)
            log.tell(call.code() == code.INVALID_ARGUMENT, f"an answer that cannot be made is INVALID_ARGUMENT: {request}".strip())
        call = stub.UnaryCall.future(messages.SimpleRequest(response_status=messages.EchoStatus(code=77)), timeout=BOUND)
        log.tell(call.code() == code.UNKNOWN, "a status that does not exist is UNKNOWN")

        status = messages.EchoStatus(code=code.DATA_LOSS.value[0], message="so far")
        ended = code_of(stub.FullDuplexCall(iter([asking(1, 2, 3), asking(4, response_status=status), asking(5)]), timeout=BOUND), grpc)
        log.tell(ended == (code.DATA_LOSS, 3), f"a status comes behind the answers before it, and nothing comes behind it: {ended}")
        ended = code_of(stub.FullDuplexCall(iter([asking(1), asking(-1), asking(1)]), timeout=BOUND), grpc)
        log.tell(ended == (code.INVALID_ARGUMENT, 1), f"a bad request ends a stream behind the answers before it: {ended}")
        ended = code_of(stub.FullDuplexCall(iter([asking(*range(100)) for _ in range(100)]), timeout=BOUND), grpc)
        log.tell(ended == (code.OK, 10000), f"many answers are sent, while requests wait: {ended}")
        ended = code_of(stub.StreamingOutputCall(asking(*([0] * 3000)), timeout=BOUND), grpc)
        log.tell(ended == (code.OK, 3000), f"one request may ask for many answers: {ended}")

        requests = queue.SimpleQueue()
        call = stub.HalfDuplexCall(iter(requests.get, None), timeout=BOUND)
        requests.put(asking(1, 2))
        # The server has it when it has answered something that was sent later.
        stub.UnaryCall(messages.SimpleRequest(), timeout=BOUND)
        requests.put(asking(3))
        requests.put(None)
        sizes = [len(response.payload.body) for response in call]
        log.tell(sizes == [1, 2, 3], f"a half duplex call answers all in order: {sizes}")

        interval = 0.05
        request = asking(1, 1, 1)
        for parameters in request.response_parameters:
            parameters.interval_us = int(interval * 1e6)
        for name, start in (("of one request", lambda: stub.StreamingOutputCall(request, timeout=BOUND)),
                            ("of two", lambda: stub.FullDuplexCall(iter([asking(1), request]), timeout=BOUND))):
            began = time.monotonic()
            ended = code_of(start(), grpc)
            log.tell(ended[0] == code.OK and time.monotonic() - began >= 2 * interval, f"answers {name} keep their interval: {ended}")
        request.response_parameters[2].interval_us = 2**31 - 1
        call = stub.StreamingOutputCall(request, timeout=BOUND)
        next(call)
        call.cancel()
        log.tell(code_of(call, grpc)[0] == code.CANCELLED, "a call that waits for its time can be cancelled")
        call = stub.StreamingOutputCall(request, timeout=BOUND)
        next(call)
        # Left waiting when the connection ends.
