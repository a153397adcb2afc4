"""Programs that attach as carriers, as tests play them."""

import queue

import grpc
from harness import PATIENCE, pb

TAKEN = pb.carrier_gateway.CARRIER_SEND_OUTCOME_TAKEN
REFUSED = pb.carrier_gateway.CARRIER_SEND_OUTCOME_REFUSED
RETRY = pb.carrier_gateway.CARRIER_SEND_OUTCOME_RETRY
UNKNOWN = pb.carrier_gateway.CARRIER_SEND_OUTCOME_UNKNOWN

QUEUED = pb.carrier_gateway.CARRIER_RECEIPT_STATUS_QUEUED
SENT = pb.carrier_gateway.CARRIER_RECEIPT_STATUS_SENT
DELIVERED = pb.carrier_gateway.CARRIER_RECEIPT_STATUS_DELIVERED
UNDELIVERED = pb.carrier_gateway.CARRIER_RECEIPT_STATUS_UNDELIVERED
FAILED = pb.carrier_gateway.CARRIER_RECEIPT_STATUS_FAILED

FIRST, SECOND = pb.carrier_gateway.CARRIER_CALL_SIDE_FIRST, pb.carrier_gateway.CARRIER_CALL_SIDE_SECOND
# What a program that can do everything says when it attaches.
CARRIES_CALLS = {"carries_calls": True, "asks_keys": True, "asks_before_ringing": True, "places_calls": True, "speaks": True,
                 "records": True}


def status(name):
    """RINGING and so on, of a call."""
    return pb.carrier_gateway.CarrierCallStatus.Value("CARRIER_CALL_STATUS_" + name)


ACCEPTED = pb.common.INBOUND_OUTCOME_ACCEPTED
REJECTED = pb.common.INBOUND_OUTCOME_REJECTED


class Program:
    """One that answers nothing by itself: the test says what it says, and asks for what it was told, of any kind first."""

    def __init__(self, server, hello=None, timeout=2 * PATIENCE):
        self.said = queue.Queue()
        self.waiting = {"inbound_result": [], "receipt_result": [], "send": []}
        self.tag = 0
        self.sends = []  # all that were ever told, in their order
        self.told = server.carrier_gateway.Attach(iter(self.said.get, None), timeout=timeout)
        if hello is not None:
            self.say(hello=hello)

    @classmethod
    def attached(cls, server, carrier="net", honours_keys=True, **can):
        made = cls(server, {"carrier": carrier, "honours_keys": honours_keys, **can})
        made.greeting = next(made.told).attached
        return made

    def say(self, **message):
        self.said.put(pb.carrier_gateway.AttachRequest(**message))

    def read(self):
        """One message more, put where it belongs."""
        message = next(self.told)
        which = message.WhichOneof("message")
        self.waiting.setdefault(which, []).append(getattr(message, which))
        if which == "send":
            self.sends.append(message.send)

    def next(self, kind):
        """The oldest message of that kind."""
        while not self.waiting.setdefault(kind, []):
            self.read()
        return self.waiting[kind].pop(0)

    def hand_in(self, provider_id, sender, recipient, body, media=()):
        """Does not wait for the answer."""
        self.say(inbound_message={"provider_id": provider_id, "sender": sender, "recipient": recipient, "body": body,
                                  "media": media})

    def text(self, *message, **more):
        self.hand_in(*message, **more)
        return self.next("inbound_result")

    def result(self, key, outcome, **more):
        self.say(send_result={"key": key, "outcome": outcome, **more})

    def receipt(self, key, status, **more):
        self.say(receipt={"key": key, "status": status, **more})
        return self.next("receipt_result")

    # ---- calls ----

    def call(self, provider_id, caller, called):
        """A call that came in, and its answer."""
        self.say(inbound_call={"provider_id": provider_id, "caller": caller, "called": called})
        return self.next("inbound_call_result")

    def progress(self, key, side, status, target=0, **more):
        """Something that happened, or is to happen; the answer."""
        self.tag += 1
        self.say(call_progress={"key": key, "tag": self.tag, "side": side, "status": status, "target": target, **more})
        result = self.next("call_progress_result")
        assert (result.tag, result.key) == (self.tag, key), result
        return result

    def take_call(self):
        """The next call that it is to place; it is taken."""
        plan = self.next("place_call")
        self.say(place_call_result={"key": plan.key, "taken": True})
        return plan

    def end(self):
        """How the server ends the stream; all that was still told is read."""
        try:
            while True:
                self.read()
        except StopIteration:
            return grpc.StatusCode.OK
        except grpc.RpcError as error:
            self.error = error
            return error.code()
        finally:
            self.said.put(None)

    def half_close(self):
        """Ends it as a program should."""
        self.said.put(None)
        return self.end()

    def vanish(self):
        """As a program that crashes."""
        self.told.cancel()
        self.said.put(None)
