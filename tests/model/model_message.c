/* Messages, up to where they are accepted. */
#include "tests/model/model_internal.h"

#include <stdio.h>

static bool is_zero(const struct plain_sid *sid)
{
    static const struct plain_sid zero;
    return sid_equal(sid, &zero);
}

void m_message_accept(struct model *model, int session, int from, int to, const struct op *op,
                      int64_t life)
{
    struct m_session *owner = &model->sessions[session];
    const struct m_number *number = &model->numbers[owner->people[to].number];
    model->next = (struct m_leg){.service = owner->service,
                                 .session = session,
                                 .message = op->message,
                                 .media = op->media,
                                 .to = to,
                                 .from = from,
                                 .status = LEG_QUEUED,
                                 .create_time = model->now,
                                 .expire_time = model->now + life,
                                 .opened = owner->opened,
                                 .peers = m_peers_of(owner, to),
                                 .carriers = {number->carriers[0], number->carriers[1]},
                                 .carrier_count = number->carrier_count,
                                 .carrier = NONE};
    struct m_expected *created =
        m_expect(model, EVENT_INTERACTION_CREATED, owner->service, session);
    created->event.first = owner->start_time == 0;
    if (!owner->start_time)
        owner->start_time = model->now;
    owner->last_time = model->now;
    owner->status = SESSION_IN_PROGRESS;
    owner->interactions++;
}

/* A leg may end at once when it is plain that it cannot be sent. */
static bool begins_rightly(const struct model *model, const struct m_leg *leg,
                           const struct plain_leg *seen)
{
    const struct plain_person *to = &model->sessions[leg->session].people[leg->to];
    if (seen->status == LEG_QUEUED)
        return !seen->reason[0];
    if (seen->status == LEG_FAILED && strcmp(seen->reason, "MMS_NOT_POSSIBLE") == 0)
        return leg->media && !(model->numbers[to->number].can & CAN_MMS);
    return seen->status == LEG_CANCELED && strcmp(seen->reason, "LOOP") == 0 &&
           to->who[0] >= WHO_N1 && model->numbers[to->who[0] - WHO_N1].service != NONE;
}

void m_leg_created(struct model *model, const struct event *event)
{
    const struct plain_interaction *seen = &event->interaction;
    struct m_leg *leg = &model->next;
    const struct m_session *session = &model->sessions[leg->session];
    if (model->leg_count == LEGS_MOST) {
        model_wrong_about(model, "the model is too small for so many messages");
        return;
    }
    if (!is_zero(&leg->sid) && !sid_equal(&leg->sid, &seen->sid))
        model_wrong_about(model, "m%d was answered with another SID than is in the log",
                          leg->message);
    else if (seen->message != leg->message || seen->media != leg->media)
        model_wrong_about(model, "m%d stands in the log with another content", leg->message);
    else if (seen->outbound_count != 1 ||
             !sid_equal(&seen->outbound.participant, &session->people[leg->to].sid))
        model_wrong_about(model, "m%d goes to somebody else", leg->message);
    else if (seen->has_inbound != (leg->from != NONE) ||
             (leg->from != NONE &&
              !sid_equal(&seen->inbound.participant, &session->people[leg->from].sid)))
        model_wrong_about(model, "m%d is from somebody else", leg->message);
    else if (seen->create_time != leg->create_time || seen->expire_time != leg->expire_time)
        model_wrong_about(model, "m%d lives until T+%lld us, and should until T+%lld us",
                          leg->message, (long long)(seen->expire_time - WORLD_BEGIN),
                          (long long)(leg->expire_time - WORLD_BEGIN));
    else if (!begins_rightly(model, leg, &seen->outbound))
        model_wrong_about(model, "m%d begins in status %d %s", leg->message, seen->outbound.status,
                          seen->outbound.reason);
    leg->sid = seen->sid;
    leg->status = seen->outbound.status;
    snprintf(leg->reason, sizeof(leg->reason), "%s", seen->outbound.reason);
    leg->final_time = leg_over(leg) ? model->now : 0;
    model->legs[model->leg_count++] = *leg;
}

/* ---- from a carrier ---- */

/* The sender's place in the session that its number stands for; NONE in *ret_session: there is none, and a refusal was added. */
static int find_sender(struct model *model, const struct op *op, int service, int *ret_session)
{
    const struct m_hold *last = NULL;
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
    *ret_session = NONE;
    if (!last || last->doubtful || model->sessions[last->session].gone ||
        model->sessions[last->session].purge_least <= model->now)
        m_deny(model, 0, "NO_ROUTE", 80903);
    if (!last)
        return NONE;
    const struct m_session *session = &model->sessions[last->session];
    if (!person_in(&session->people[last->participant]))
        m_deny(model, 0, "PARTICIPANT_REMOVED", 80903);
    if (session_runs(session))
        return NONE;
    if (session->reasons & (1 << REASON_TTL | 1 << REASON_DATE | 1 << REASON_IDLE))
        m_deny(model, 0, "SESSION_EXPIRED", 80904);
    else
        m_deny(model, 0, "SESSION_CLOSED", 80902);
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
static void refuse_loop(struct model *model, const struct op *op)
{
    if (op->from < WHO_N1 || op->from > WHO_N4)
        return;
    const struct m_number *sender = &model->numbers[op->from - WHO_N1];
    if (sender->service != NONE)
        m_deny(model, 0, "LOOP", NONE);
    else if (sender->leaving || model->now < sender->quarantine_end)
        m_may_deny(model, 0, "LOOP", NONE);
}

/* What is refused before anybody looks whether it was seen before. */
static void refuse_early(struct model *model, const struct op *op)
{
    const struct m_number *number = &model->numbers[op->number];
    bool named = false;
    for (int i = 0; i < number->carrier_count; i++)
        named = named || number->carriers[i] == op->carrier;
    if (number->service == NONE) {
        if (model->now < number->quarantine_end || number->leaving)
            m_deny(model, 0, "NUMBER_QUARANTINED", NONE);
        if (model->now >= number->quarantine_end || number->leaving)
            m_deny(model, 0, "NUMBER_UNKNOWN", NONE);
        if (model->now < number->quarantine_end || number->leaving)
            refuse_loop(model, op);
        return;
    }
    if (!named)
        m_deny(model, 0, "WRONG_CARRIER", NONE);
    if (number->state == NUMBER_LOCKED)
        m_deny(model, 0, "NUMBER_LOCKED", NONE);
    refuse_loop(model, op);
}

static bool same_content(const struct m_seen *seen, const struct op *op)
{
    return seen->from == op->from && seen->number == op->number && seen->message == op->message &&
           seen->media == op->media;
}

/* The earlier message that this may be a repeat of; *ret_sure: it is one. *ret_reused: the id was another message's. */
static const struct m_seen *find_seen(const struct model *model, const struct op *op,
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
                        seen->service == model->numbers[op->number].service;
            return seen;
        }
        *ret_reused =
            *ret_reused || (latest && !seen->early && model->now < seen->time + 24 * HOUR &&
                            seen->service == model->numbers[op->number].service);
        latest = false;
    }
    return NULL;
}

static void keep_seen(struct model *model, const struct op *op, const struct answer *answer,
                      bool early)
{
    if (model->seen_count == SEEN_MOST)
        return;
    struct m_seen *seen = &model->seen[model->seen_count++];
    *seen = (struct m_seen){.service = model->numbers[op->number].service,
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

static void refuse_inbound(struct model *model, const struct op *op, int *ret_session,
                           int *ret_from)
{
    *ret_session = NONE;
    *ret_from = NONE;
    if (op->from == WHO_NOBODY) {
        m_deny(model, 0, "NO_ROUTE", 80903);
        return;
    }
    *ret_from = find_sender(model, op, model->numbers[op->number].service, ret_session);
    if (*ret_session == NONE)
        return;
    const struct m_session *session = &model->sessions[*ret_session];
    if (session->mode == MODE_VOICE)
        m_deny(model, 0, "MODE_REFUSED", 80910);
    if (find_partner(session, *ret_from) == NONE)
        m_deny(model, 0, "NO_PARTNER", 80614);
}

/* What comes to a number in quarantine may be told to the Service that it left, as long as that has a log. */
static void expect_quarantined(struct model *model, const struct op *op,
                               const struct answer *answer)
{
    const struct m_number *number = &model->numbers[op->number];
    if (!number->quarantine_end || model->services[number->last_service].deleted)
        return;
    struct m_expected *rejected =
        m_expect_number(model, EVENT_INBOUND_REJECTED, number->last_service, op->number);
    rejected->optional = true;
    snprintf(rejected->event.reason, PLAIN_TEXT, "%s", answer->reason);
    expect_warning(model, number->last_service, false);
}

void m_do_inbound(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = model->numbers[op->number].service;
    bool sure;
    bool reused;
    const struct m_seen *seen = find_seen(model, op, &sure, &reused);
    if (answer->repeated) {
        /* A loop is found first, whatever was answered when the sender was no number of a pool. */
        bool loop = strcmp(answer->reason, "LOOP") == 0;
        check_repeated(model, op, sure && !loop ? seen : NULL, answer);
        return;
    }
    refuse_early(model, op);
    bool early = model->refusal_count > 0 && !model->refusals[0].possible;
    int session = NONE;
    int from = NONE;
    if (!early) {
        if (sure)
            model_wrong_about(model, "a repeat was taken for a new message");
        refuse_inbound(model, op, &session, &from);
    }
    bool ok = m_accepted(model, answer);
    keep_seen(model, op, answer, early);
    if (service == NONE) {
        expect_quarantined(model, op, answer);
        return;
    }
    expect_warning(model, service, ok && reused);
    if (ok && session != NONE) {
        m_message_accept(model, session, from, find_partner(&model->sessions[session], from), op,
                         model->services[service].settings.max_life);
        return;
    }
    struct m_expected *rejected =
        m_expect_number(model, EVENT_INBOUND_REJECTED, service, op->number);
    rejected->any_session = true;
    snprintf(rejected->event.reason, PLAIN_TEXT, "%s", answer->reason);
}

/* ---- from the Service itself ---- */

static void refuse_send(struct model *model, const struct op *op, int index)
{
    const struct m_session *session = &model->sessions[index];
    if (m_place_of(session, op) == NONE || !person_in(&session->people[op->participant])) {
        m_deny(model, STATUS_NOT_FOUND, "PARTICIPANT_NOT_FOUND", 80610);
        if (!session_runs(session))
            m_deny(model, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED", NONE);
        return;
    }
    const struct plain_person *person = &session->people[op->participant];
    if (!session_runs(session))
        m_deny(model, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED", NONE);
    if (session->mode == MODE_VOICE)
        m_deny(model, STATUS_FAILED_PRECONDITION, "MODE_REFUSED", 80910);
    if (op->media && !(model->numbers[person->number].can & CAN_MMS))
        m_deny(model, STATUS_FAILED_PRECONDITION, "MMS_NOT_POSSIBLE", NONE);
    if (person->who[0] < WHO_N1 || person->who[0] > WHO_N4)
        return;
    const struct m_number *number = &model->numbers[person->who[0] - WHO_N1];
    if (number->service != NONE)
        m_deny(model, STATUS_FAILED_PRECONDITION, "LOOP", NONE);
    else if (number->leaving || model->now < number->quarantine_end)
        m_may_deny(model, STATUS_FAILED_PRECONDITION, "LOOP", NONE);
}

void m_do_send(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    const struct m_mark *mark = NULL;
    enum mark_state state = service == NONE ? MARK_NEW : m_mark_look(model, op, service, &mark);
    int index = service == NONE ? NONE : m_wanted_session(model, op, service);
    if (state == MARK_REPEAT && (index != NONE || answer->ok)) {
        if (!answer->ok || !sid_equal(&mark->sid, &answer->interaction.sid))
            model_wrong_about(model, "a repeated request was not answered as the first time (%s)",
                              answer->reason);
        return;
    }
    if (state == MARK_REUSED)
        m_deny(model, STATUS_FAILED_PRECONDITION, "REQUEST_ID_REUSED", NONE);
    if (!op->message && !op->media)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
    if (index != NONE)
        refuse_send(model, op, index);
    if (!m_accepted(model, answer) || index == NONE)
        return;
    int64_t life = model->services[service].settings.max_life;
    if (op->max_life && op->max_life < life)
        life = op->max_life;
    m_message_accept(model, index, NONE, op->participant, op, life);
    model->next.sid = answer->interaction.sid;
    m_mark_keep(model, op, service, &answer->interaction.sid);
}
