"""The phone network behind a gateway: it outlives the server, remembers what it was given, and hands in again what was not answered."""

import queue
import random
import threading

import grpc
from harness import PATIENCE, pb
from programs import DELIVERED, RETRY, TAKEN

Request = pb.carrier_gateway.AttachRequest


class Network(threading.Thread):
    """One carrier's. All below `lock`; `news` tells of each change."""

    def __init__(self, carrier, honours_keys, seed):
        super().__init__(daemon=True)
        self.carrier = carrier
        self.honours_keys = honours_keys
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.news = threading.Condition(self.lock)
        self.server = None  # while it is up
        self.ended = False
        self.said = None  # towards the server, while attached
        self.given = []  # every send, in order
        self.final = set()  # keys that were not answered with RETRY
        self.again = []  # (key, body) given although it could have gone out before
        self.held = []  # keys whose results are kept back for a while
        self.in_hand = {}  # provider id: text that nobody has answered
        self.answers = {}  # provider id: (outcome, reason)
        self.changed = []  # provider ids that were answered in two ways
        self.receipts = {}  # tag: receipt that nobody has answered
        self.refused = []  # results of receipts that were refused
        self.tags = 0
        self.troubles = []

    # ---- what the test does ----

    def serve(self, server):
        """A server is up, or (None) it is not."""
        with self.lock:
            self.server = server
            self.news.notify_all()

    def hand_in(self, provider_id, sender, recipient, body):
        with self.lock:
            self.in_hand[provider_id] = {"provider_id": provider_id, "sender": sender, "recipient": recipient, "body": body}
            self._say(inbound_message=self.in_hand[provider_id])

    def end(self):
        with self.lock:
            self.ended = True
            if self.said:
                self.said.put(None)
            self.news.notify_all()
        self.join(PATIENCE)

    def is_quiet(self):
        """All that was handed in is answered, and nothing is kept back."""
        with self.lock:
            self._release(1)
            return not self.in_hand and not self.receipts and not self.held

    # ---- the thread ----

    def run(self):
        while True:
            with self.lock:
                while not self.server and not self.ended:
                    self.news.wait()
                if self.ended:
                    return
                server = self.server
            try:
                self._attach(server)
            except grpc.RpcError as error:
                # The test may close the channel before this has seen that the server is gone.
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                    self.troubles.append(f"{self.carrier}: {error.code()} {error.details()}")
            except ValueError:
                pass  # the channel was closed under it
            except Exception as error:  # pylint: disable=broad-except
                self.troubles.append(f"{self.carrier}: {error!r}")
            with self.lock:
                self.said = None
                if self.server is server:  # nobody has noticed yet: wait for the next one
                    self.server = None
                self.news.notify_all()

    def _attach(self, server):
        said = queue.Queue()
        said.put(Request(hello={"carrier": self.carrier, "honours_keys": self.honours_keys}))
        try:
            told = server.carrier_gateway.Attach(iter(said.get, None), timeout=20 * PATIENCE)
            for message in told:
                with self.lock:
                    if message.WhichOneof("message") == "attached":
                        self.said = said
                        for text in self.in_hand.values():
                            self._say(inbound_message=text)
                        for receipt in self.receipts.values():
                            self._say(receipt=receipt)
                    else:
                        self._take(message)
                    self.news.notify_all()
        finally:
            said.put(None)

    # ---- with the lock ----

    def _say(self, **message):
        if self.said:
            self.said.put(Request(**message))

    def _take(self, message):
        if message.HasField("send"):
            self._take_send(message.send)
        elif message.HasField("inbound_result"):
            told = message.inbound_result
            answer = (told.outcome, told.reason)
            if told.outcome == pb.common.INBOUND_OUTCOME_FAILED:
                self._say(inbound_message=self.in_hand[told.provider_id])
                return
            if self.answers.setdefault(told.provider_id, answer) != answer:
                self.changed.append((told.provider_id, self.answers[told.provider_id], answer))
            self.in_hand.pop(told.provider_id, None)
        else:
            told = message.receipt_result
            if told.outcome == pb.common.INBOUND_OUTCOME_FAILED:
                self._say(receipt=self.receipts[told.tag])
                return
            if told.outcome != pb.common.INBOUND_OUTCOME_ACCEPTED:
                self.refused.append(told)
            self.receipts.pop(told.tag, None)

    def _take_send(self, send):
        self.given.append((send.key, send.sender, send.recipient, send.body))
        if send.key in self.final and not self.honours_keys:
            self.again.append((send.key, send.body))
        if self.chance.random() < 0.1 and send.key not in self.final:
            self._say(send_result={"key": send.key, "outcome": RETRY})
            return
        self.final.add(send.key)
        if self.chance.random() < 0.2:
            self.held.append(send.key)
        else:
            self._settle(send.key)
        self._release(0.3)

    def _release(self, likely):
        for key in list(self.held):
            if self.chance.random() < likely:
                self.held.remove(key)
                self._settle(key)

    def _settle(self, key):
        self.tags += 1
        self.receipts[self.tags] = {"key": key, "tag": self.tags, "status": DELIVERED}
        order = [{"send_result": {"key": key, "outcome": TAKEN}}, {"receipt": self.receipts[self.tags]}]
        if self.chance.random() < 0.2:
            order.reverse()
        for message in order:
            self._say(**message)
