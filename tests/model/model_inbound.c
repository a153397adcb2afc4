/* Messages from carriers, up to where they are accepted. */
#include "tests/model/model_internal.h"

#include <stdio.h>

/* How the last one that the sender had ended. */
static void refuse_last(struct model *model, const struct m_hold *last)
{
    const struct m_session *session = &model->sessions[last->session];
    if (last->doubtful || session->gone || session->purge_least <= model->now || last->replaced ||
        (last->until && last->until <= model->now) || last->released <= session->reopen_time)
        m_deny(model, 0, "NO_ROUTE", 80903);
    if (!person_in(&session->people[last->participant]))
        m_deny(model, 0, "PARTICIPANT_REMOVED", 80903);
    if (session_runs(session))
        return;
    if (session->reasons & (1 << REASON_TTL | 1 << REASON_DATE | 1 << REASON_IDLE))
        m_deny(model, 0, "SESSION_EXPIRED", 80904);
    else
        m_deny(model, 0, "SESSION_CLOSED", 80902);
}

/* The sender's place in the session that its number stands for; NONE in *ret_session: there is none, and a refusal was added. */
static int find_sender(struct model *model, const struct op *op, int service, int *ret_session)
{
    const struct m_hold *last = NULL;
    *ret_session = NONE;
    for (int i = 0; i < model->hold_count; i++) {
        const struct m_hold *hold = &model->holds[i];
        if (hold->service != service || hold->number != op->number ||
            hold->person != world_person(op->from))
            continue;
        if (!hold->released) {
            *ret_session = hold->session;
            return hold->participant;
        }
        last = hold;
    }
    if (last)
        refuse_last(model, last);
    else
        m_deny(model, 0, "NO_ROUTE", 80903);
    return NONE;
}

static int find_partner(const struct m_session *session, int participant)
{
    for (int i = 0; i < session->people_count; i++)
        if (i != participant && person_in(&session->people[i]))
            return i;
    return NONE;
}

/* The sender is itself a number of some pool. */
void m_refuse_loop(struct model *model, const struct op *op)
{
    if (op->from < WHO_N1 || op->from > WHO_N4)
        return;
    const struct m_number *sender = &model->numbers[op->from - WHO_N1];
    if (sender->service != NONE)
        m_deny(model, 0, "LOOP", NONE);
    else if (sender->leaving || model->now < sender->quarantine_end)
        m_may_deny(model, 0, "LOOP", NONE);
}

/* Which Service's log tells of what comes to this number; NONE: no one's. *ret_resting: the number has left it. */
int m_owner_of(const struct model *model, const struct op *op, bool *ret_resting)
{
    const struct m_number *number = &model->numbers[op->number];
    *ret_resting = false;
    if (number->service != NONE)
        return number->service;
    if (number->last_service == NONE || model->now >= number->quarantine_end ||
        model->services[number->last_service].deleting)
        return NONE;
    *ret_resting = true;
    return number->last_service;
}

/* Nobody's log tells of it. */
void m_refuse_stray(struct model *model, const struct op *op)
{
    const struct m_number *number = &model->numbers[op->number];
    bool rests = number->last_service != NONE && model->now < number->quarantine_end;
    if (rests || number->leaving)
        m_deny(model, 0, "NUMBER_QUARANTINED", NONE);
    if (!rests || number->leaving)
        m_deny(model, 0, "NUMBER_UNKNOWN", NONE);
}

bool m_wrong_carrier(const struct m_number *number, int carrier)
{
    for (int i = 0; i < number->carrier_count; i++)
        if (number->carriers[i] == carrier)
            return false;
    return true;
}

static bool same_content(const struct m_seen *seen, const struct op *op)
{
    return seen->from == op->from && seen->number == op->number && seen->message == op->message &&
           seen->media == op->media;
}

/* The earlier message that this may be a repeat of; *ret_sure: it is one. *ret_reused: the id was another message's. */
static const struct m_seen *find_seen(const struct model *model, const struct op *op, int service,
                                      bool *ret_sure, bool *ret_reused)
{
    bool latest = true;
    *ret_sure = *ret_reused = false;
    for (int i = model->seen_count - 1; i >= 0; i--) {
        const struct m_seen *seen = &model->seen[i];
        if (seen->carrier != op->carrier || seen->provider != op->provider)
            continue;
        if (same_content(seen, op)) {
            *ret_sure = latest && !seen->early && model->now < seen->time + 24 * HOUR &&
                        seen->service == service;
            return seen;
        }
        *ret_reused =
            *ret_reused || (latest && !seen->early && model->now < seen->time + 24 * HOUR &&
                            seen->service == service);
        latest = false;
    }
    return NULL;
}

static void keep_seen(struct model *model, const struct op *op, int service,
                      const struct answer *answer, bool early)
{
    if (model->seen_count == SEEN_MOST)
        return;
    struct m_seen *seen = &model->seen[model->seen_count++];
    *seen = (struct m_seen){.service = service,
                            .carrier = op->carrier,
                            .provider = op->provider,
                            .from = op->from,
                            .number = op->number,
                            .message = op->message,
                            .media = op->media,
                            .time = model->now,
                            .accepted = answer->accepted,
                            .early = early,
                            .original = answer->original};
    snprintf(seen->reason, sizeof(seen->reason), "%s", answer->reason);
}

/* It was answered as one of the same content was; as `surely` was, if there is that one. */
static void check_repeated(struct model *model, const struct op *op, const struct m_seen *surely,
                           const struct answer *answer)
{
    for (int i = 0; i < model->seen_count; i++) {
        const struct m_seen *seen = &model->seen[i];
        if (seen->carrier == op->carrier && seen->provider == op->provider &&
            same_content(seen, op) && (!surely || seen == surely) &&
            seen->accepted == answer->accepted && strcmp(seen->reason, answer->reason) == 0 &&
            seen->original == answer->original)
            return;
    }
    model_wrong_about(model, "a repeat was answered %s (%d), and not so the first time",
                      answer->reason, answer->original);
}

static void expect_warning(struct model *model, int service, bool sure)
{
    struct m_expected *warning = m_expect(model, EVENT_WARNING, service, NONE);
    warning->any_session = true;
    warning->optional = !sure;
    snprintf(warning->event.reason, PLAIN_TEXT, "PROVIDER_ID_REUSED");
}

/* What the sender is told of this. */
static enum occasion occasion_of(const char *reason)
{
    static const struct {
        const char *reason;
        enum occasion occasion;
    } occasions[] = {
        {"NUMBER_QUARANTINED", NOTE_UNAVAILABLE}, {"NUMBER_LOCKED", NOTE_UNAVAILABLE},
        {"NO_ROUTE", NOTE_OUT_OF_SESSION},        {"SESSION_CLOSED", NOTE_OUT_OF_SESSION},
        {"SESSION_EXPIRED", NOTE_OUT_OF_SESSION}, {"PARTICIPANT_REMOVED", NOTE_OUT_OF_SESSION},
        {"NO_PARTNER", NOTE_OUT_OF_SESSION},      {"MODE_REFUSED", NOTE_MODE_REFUSED}};
    for (size_t i = 0; i < sizeof(occasions) / sizeof(occasions[0]); i++)
        if (strcmp(occasions[i].reason, reason) == 0)
            return occasions[i].occasion;
    return NOTE_NONE;
}

void m_check_last(struct model *model, const struct event *event)
{
    static const struct plain_sid none;
    bool outside =
        event->kind == EVENT_INBOUND_REJECTED && occasion_of(event->reason) == NOTE_OUT_OF_SESSION;
    if (!sid_equal(&event->last_session, outside ? &event->session : &none))
        model_wrong_about(model, "%s %s does not tell of the last session, or of another",
                          event_name(event->kind), event->reason);
}

void m_expect_rejected(struct model *model, const struct op *op, int service,
                       const struct answer *answer, bool told)
{
    enum occasion occasion = occasion_of(answer->reason);
    struct m_expected *rejected =
        m_expect_number(model, EVENT_INBOUND_REJECTED, service, op->number);
    rejected->any_session = true;
    snprintf(rejected->event.reason, PLAIN_TEXT, "%s", answer->reason);
    /* One text is answered once. */
    if (!told && op->kind == OP_INBOUND && m_notice_text(model, service, op, occasion))
        m_notice_expect(model, rejected, service, op, occasion);
}

/* By guards and what comes before them; true: it is accepted as *accepted says, if nothing was refused. */
void m_refuse_routed(struct model *model, const struct op *op, int service,
                     struct acceptance *accepted)
{
    int64_t free_time;
    if (op->from == WHO_NOBODY) {
        m_deny(model, 0, "NO_ROUTE", 80903);
        return;
    }
    accepted->from = find_sender(model, op, service, &accepted->session);
    if (accepted->session == NONE)
        return;
    accepted->to = find_partner(&model->sessions[accepted->session], accepted->from);
    if (accepted->to == NONE) {
        m_deny(model, 0, "NO_PARTNER", 80614);
        return;
    }
    switch (m_guard(model, accepted->session, accepted->from, accepted->to, accepted->call,
                    &free_time)) {
    case M_GUARD_NONE:
        break;
    case M_GUARD_MODE:
        m_deny(model, 0, "MODE_REFUSED", accepted->call ? 80911 : 80910);
        break;
    case M_GUARD_OPT_OUT:
        accepted->canceled = true;
        break;
    case M_GUARD_BLOCK:
        m_deny(model, 0, "BLOCKED", NONE);
        break;
    case M_GUARD_PERSON_CAP:
        m_deny(model, 0, "PERSON_CAP", NONE);
        break;
    case M_GUARD_SESSION_CAP:
        m_deny(model, 0, "SESSION_CAP", NONE);
        break;
    }
}

/* To a number that is some Service's, or was lately; the first step that says something hides those after it. */
static void come_in(struct model *model, const struct op *op, int service, bool rests,
                    const struct answer *answer, bool reused)
{
    const struct m_number *number = &model->numbers[op->number];
    struct acceptance accepted = {.session = NONE,
                                  .from = NONE,
                                  .as = NONE,
                                  .to = NONE,
                                  .life = model->services[service].settings.max_life};
    bool told = false;
    bool loop = false;
    enum m_heard heard = M_HEARD_ON;
    m_refuse_loop(model, op);
    if (model->refusal_count)
        loop = !model->refusals[0].possible || strcmp(answer->reason, "LOOP") == 0;
    if (!loop && !rests && m_wrong_carrier(number, op->carrier))
        m_deny(model, 0, "WRONG_CARRIER", NONE);
    else if (!loop && op->from != WHO_NOBODY)
        heard = m_hear(model, op, service, &told);
    if (!loop && heard == M_HEARD_ON && (rests || !m_wrong_carrier(number, op->carrier))) {
        if (rests)
            m_deny(model, 0, "NUMBER_QUARANTINED", NONE);
        else if (number->state == NUMBER_LOCKED)
            m_deny(model, 0, "NUMBER_LOCKED", NONE);
        else
            m_refuse_routed(model, op, service, &accepted);
    }
    bool ok = m_accepted(model, answer);
    keep_seen(model, op, service, answer, loop);
    expect_warning(model, service, ok && reused);
    if (!ok)
        m_expect_rejected(model, op, service, answer, told);
    else if (accepted.session != NONE)
        m_message_accept(model, op, &accepted);
}

void m_do_inbound(struct model *model, const struct op *op, const struct answer *answer)
{
    bool rests;
    bool sure;
    bool reused;
    int service = m_owner_of(model, op, &rests);
    const struct m_seen *seen = find_seen(model, op, service, &sure, &reused);
    /* A loop is found first, whatever was answered when the sender was no number of a pool. */
    bool loop = strcmp(answer->reason, "LOOP") == 0;
    if (answer->repeated) {
        check_repeated(model, op, sure && !loop ? seen : NULL, answer);
        return;
    }
    if (service == NONE) {
        m_refuse_stray(model, op);
        m_accepted(model, answer);
        keep_seen(model, op, service, answer, true);
        return;
    }
    if (sure && !loop)
        model_wrong_about(model, "a repeat was taken for a new message");
    come_in(model, op, service, rests, answer, reused);
}
