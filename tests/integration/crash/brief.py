"""Services that come and go: their sessions end by themselves, are purged and take their Service's log with them."""

from harness import PATIENCE, pb
from worker import Worker, closed, tried
from world import CAN_ALL, person, proxy

MOMENT = {"nanos": 50 * 1000 * 1000}
GONE = "REQUEST_ANSWER_GONE"  # it was carried out; the log that told how was thrown away
STANDING = "standing"  # one that stays
CROWD = 40  # sessions that use one number: more than one piece of its removal changes


class Brief(Worker):
    def __init__(self, seed):
        super().__init__("brief", seed)
        self.sids = {}  # name: SID, of Services that were answered for
        self.numbers = {}  # name: answered numbers
        self.deleting = set()  # names; asked for
        self.deleted = set()  # answered
        self.left = set()  # numbers that were taken away from their crowds; answered
        self.sessions = {}  # name: answered SIDs
        self.alive = []

    def begin(self, server):
        """Before the first crash."""
        for step in self._making(STANDING):
            step(server)
        self.alive = []

    def choose(self):
        self.pace(0.01)
        name = self.next_name()
        self.steps = self._making(name) + self._talking(name) + self._talking(STANDING)
        if self.chance.random() < 0.5:
            self.steps += self._crowding(name)
        if len(self.alive) > 4:
            self.steps += self._deleting(self.alive.pop(0))

    def _making(self, name):
        request = pb.services.CreateServiceRequest(
            unique_name=name, request_id=name, retention_policy={"closed_sessions": MOMENT, "events": MOMENT},
            number_policy={"cool_down": MOMENT, "late_reply_window": {}, "quarantine": {}},
            message_policy={"max_life": {"nanos": 1000}})
        numbers = [proxy(5000 + 2 * self.count + side) for side in range(2)]

        def make(server):
            made = tried(server.services.CreateService, request, GONE) or server.services.GetService(
                pb.services.GetServiceRequest(service=name), timeout=PATIENCE)
            self.sids[name] = made.service.sid
            self.numbers[name], self.sessions[name] = [], []
            self.alive.append(name)

        def adding(number):
            def add(server):
                tried(server.phone_numbers.AddPhoneNumber, pb.phone_numbers.AddPhoneNumberRequest(
                    service=self.sids[name], capabilities=CAN_ALL, phone_number=number, request_id=number), GONE)
                self.numbers[name].append(number)
            return add
        return [make] + [adding(number) for number in numbers]

    def _talking(self, name):
        """Two sessions; one is closed, the other ends by itself."""
        steps = []
        for ttl in [None, MOMENT]:
            label = self.next_name()
            people = [person(8000 + 2 * self.count % 1000 + side) for side in range(2)]

            def create(server, ttl=ttl, label=label, people=tuple(people)):
                made = tried(server.sessions.CreateSession, pb.sessions.CreateSessionRequest(
                    service=self.sids[name], request_id=label, ttl=ttl,
                    participants=[{"identifier": one} for one in people]), GONE, "ALL_NUMBERS_IN_USE")
                if made:
                    self.sessions[name].append(made.session.sid)

            def close(server):
                if self.sessions[name]:
                    tried(server.sessions.UpdateSession, closed(self.sids[name], self.sessions[name][-1]),
                          "ILLEGAL_STATUS_CHANGE", "SESSION_NOT_FOUND")
            steps += [create] if ttl else [create, close]
        return steps

    def _crowding(self, name):
        """Many sessions on one number, which is then taken away: all go on, with another."""
        number, label = proxy(9000 + self.count), self.next_name()
        request = pb.phone_numbers.RemovePhoneNumberRequest(service=name, phone_number=number, force=True)

        def add(server):
            tried(server.phone_numbers.AddPhoneNumber, pb.phone_numbers.AddPhoneNumberRequest(
                service=self.sids[name], capabilities=CAN_ALL, phone_number=number, reserved=True, request_id=number), GONE)

        def create(server):
            for one in range(CROWD):
                made = tried(server.sessions.CreateSession, pb.sessions.CreateSessionRequest(
                    service=self.sids[name], request_id=f"{label}-{one}", unique_name=f"{label}-{one}",
                    participants=[{"identifier": person(9000 + one), "proxy_identifier": number}]), GONE)
                if made and made.session.participants[0].proxy_identifier != number:
                    raise AssertionError(f"{number} was asked for, and is not there: {made}")

        def remove(server):
            tried(server.phone_numbers.RemovePhoneNumber, request, "PHONE_NUMBER_NOT_FOUND")
            self.left.add(number)

        def look(server):
            for one in range(CROWD):
                answer = tried(server.sessions.GetSession, pb.sessions.GetSessionRequest(
                    service=name, session=f"{label}-{one}"), "SESSION_NOT_FOUND")
                if not answer:
                    continue  # looked at before
                got = answer.session
                if got.status != pb.sessions.SESSION_STATUS_OPEN or got.participants[0].proxy_identifier == number:
                    raise AssertionError(f"{number} was taken away from {got}")
                tried(server.sessions.DeleteSession, pb.sessions.DeleteSessionRequest(service=name, session=got.sid))
        return [add, create, remove, look]

    def _deleting(self, name):
        def delete(server):
            self.deleting.add(name)
            tried(server.services.DeleteService, pb.services.DeleteServiceRequest(service=self.sids[name]),
                  "SERVICE_DELETED", "SERVICE_NOT_FOUND")
            self.deleted.add(name)
        return [delete]

    def check(self, server, insist):
        """What was answered holds. Paused."""
        listed, token = {}, ""
        while True:
            page = server.services.ListServices(pb.services.ListServicesRequest(page_size=1000, page_token=token),
                                                timeout=PATIENCE)
            listed.update({service.unique_name: service for service in page.services})
            token = page.next_page_token
            if not token:
                break
        for name, sid in self.sids.items():
            here = listed.get(name)
            if name not in self.deleting:
                insist(here and here.sid == sid, f"the Service {name} is lost")
                numbers = [number.phone_number for number in server.phone_numbers.ListPhoneNumbers(
                    pb.phone_numbers.ListPhoneNumbersRequest(service=sid), timeout=PATIENCE).phone_numbers]
                insist(set(self.numbers[name]) <= set(numbers), f"numbers of {name} are lost: {numbers}")
                insist(not self.left & set(numbers), f"numbers of {name} are back: {numbers}")
            elif name in self.deleted:
                insist(not here or here.state == pb.services.SERVICE_STATE_DELETING, f"the Service {name} is back")
