"""The phone network behind a gateway: it outlives the server, remembers what it was given, and hands in again what was not answered."""

import queue
import random

from across import Across
from harness import PATIENCE, pb
from programs import DELIVERED, FAILED, REFUSED, RETRY, SENT, TAKEN, UNDELIVERED

Request = pb.carrier_gateway.AttachRequest


class Given:
    """A send as it came."""

    def __init__(self, life, send):
        self.life = life  # which start of the server gave it
        self.key, self.sender, self.recipient, self.body = send.key, send.sender, send.recipient, send.body
        self.taken = False


class Network(Across):
    """One carrier's."""

    def __init__(self, carrier, honours_keys, seed):
        super().__init__(carrier)
        self.carrier = carrier
        self.honours_keys = honours_keys
        self.chance = random.Random(f"{carrier} {seed}")
        self.said = None  # towards the server, while attached
        self.given = []  # every send, in order
        self.fates = {}  # key: the status that its receipt tells, or REFUSED; of what was not answered with RETRY
        self.held = []  # keys whose results are kept back for a while
        self.late = []  # keys whose receipts are
        self.past = []  # keys whose receipts were answered
        self.in_hand = {}  # provider id: text that nobody has answered
        self.texts = {}  # provider id: the text, of all that were ever handed in
        self.answers = {}  # provider id: (outcome, reason)
        self.receipts = {}  # tag: receipt that nobody has answered
        self.wrong = []  # what must not be
        self.tags = 0

    # ---- what the test does ----

    def hand_in(self, provider_id, sender, recipient, body):
        with self.lock:
            text = {"provider_id": provider_id, "sender": sender, "recipient": recipient, "body": body}
            self.texts[provider_id] = self.in_hand[provider_id] = text
            self._say(inbound_message=text)

    def hand_in_again(self, provider_id):
        """As a network that has lost the answer."""
        with self.lock:
            self.in_hand[provider_id] = self.texts[provider_id]
            self._say(inbound_message=self.texts[provider_id])

    def is_quiet(self):
        """All that was handed in is answered, and nothing is kept back."""
        with self.lock:
            self._release(1)
            return not self.in_hand and not self.receipts and not self.held and not self.late

    # ---- the thread ----

    def _leave(self):
        if self.said:
            self.said.put(None)

    def _left(self):
        self.said = None

    def _stay(self, server):
        said = queue.Queue()
        life = server.life
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
                        self._take(message, life)
                    self.news.notify_all()
        finally:
            said.put(None)

    # ---- with the lock ----

    def _say(self, **message):
        if self.said:
            self.said.put(Request(**message))

    def _take(self, message, life):
        if message.HasField("send"):
            self._take_send(message.send, life)
        elif message.HasField("inbound_result"):
            self._take_answer(message.inbound_result)
        else:
            told = message.receipt_result
            if told.outcome == pb.common.INBOUND_OUTCOME_FAILED:
                self._say(receipt=self.receipts[told.tag])
                return
            if told.outcome != pb.common.INBOUND_OUTCOME_ACCEPTED:
                self.wrong.append(f"a receipt was refused: {told}")
            self.receipts.pop(told.tag, None)
            self.past.append(told.key)

    def _take_answer(self, told):
        answer = (told.outcome, told.reason)
        if told.outcome == pb.common.INBOUND_OUTCOME_FAILED:
            self._say(inbound_message=self.in_hand[told.provider_id])
            return
        before = self.answers.setdefault(told.provider_id, answer)
        if before != answer:
            self.wrong.append(f"{told.provider_id} was answered with {before}, and then with {answer}")
        self.in_hand.pop(told.provider_id, None)

    def _take_send(self, send, life):
        given = Given(life, send)
        self.given.append(given)
        fate = self.fates.get(send.key)
        if fate is not None and not self.honours_keys:
            self.wrong.append(f"{send.body} was given again although nobody can tell whether it went out before")
        if fate is None:
            if self.chance.random() < 0.1:
                self._say(send_result={"key": send.key, "outcome": RETRY})
                return
            fate = self.chance.choices([DELIVERED, UNDELIVERED, FAILED, REFUSED], [85, 5, 5, 5])[0]
            self.fates[send.key] = fate
        given.taken = fate != REFUSED
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
        for key in list(self.late):
            if self.chance.random() < likely / 4 or likely == 1:
                self.late.remove(key)
                self._say_receipt(key, self.fates[key])
        if self.past and self.chance.random() < 0.1:
            # Once more, or what is overtaken by now.
            key = self.chance.choice(self.past)
            self._say_receipt(key, self.chance.choice([self.fates[key], SENT]))

    def _settle(self, key):
        if self.fates[key] == REFUSED:
            self._say(send_result={"key": key, "outcome": REFUSED})
            return
        steps = [lambda: self._say(send_result={"key": key, "outcome": TAKEN})]
        if self.chance.random() < 0.3:
            self.late.append(key)
        else:
            steps.append(lambda: self._say_receipt(key, self.fates[key]))
        if self.chance.random() < 0.2:
            steps.reverse()
        for step in steps:
            step()

    def _say_receipt(self, key, status):
        self.tags += 1
        self.receipts[self.tags] = {"key": key, "tag": self.tags, "status": status}
        self._say(receipt=self.receipts[self.tags])
