/* A participant gets another person or another number while its session lives. */
#include "tests/model/model_internal.h"

static bool same_list(const struct op_person *a, const struct plain_person *b)
{
    if (a->who_count != b->who_count)
        return false;
    for (int i = 0; i < a->who_count; i++)
        if (world_person(a->who[i]) != world_person(b->who[i]))
            return false;
    return true;
}

/* Who it is to be, and which number it is to have. */
struct change {
    struct op_person wanted;
    bool other_list, replaced;
    struct wish wish;
};

static struct change change_of(const struct model *model, const struct op *op, int index)
{
    const struct m_session *session = &model->sessions[index];
    const struct plain_person *was = &session->people[op->participant];
    struct change change = {.wanted = op->people[0]};
    if (!op->set_people) {
        change.wanted.who_count = was->who_count;
        for (int i = 0; i < was->who_count; i++)
            change.wanted.who[i] = was->who[i];
    }
    change.other_list = !same_list(&change.wanted, was);
    change.replaced = !(m_bits_of(&change.wanted) & m_person_bits(was));
    change.wish = m_wish_of(&change.wanted, session->service, index, session->mode);
    change.wish.partners = m_peers_of(session, op->participant);
    change.wish.has = was->number;
    return change;
}

/* Whoever comes may have all numbers that stay. */
static void refuse_kept(struct model *model, const struct op *op, const struct plain_person *was,
                        const struct change *change)
{
    bool stays = !op->set_number || op->people[0].number == was->number;
    int64_t life =
        op->life >= 0 ? op->life : model->services[change->wish.service].settings.late_window;
    if (!change->other_list)
        return;
    if (stays)
        m_wish_keeps(model, &change->wish, was->number, true);
    else if (!change->replaced && life > 0)
        m_wish_keeps(model, &change->wish, was->number, false);
    for (int i = 0; i < was->old_count && !change->replaced; i++)
        if (!was->old[i].ended && was->old[i].until > model->now &&
            was->old[i].number != op->people[0].number)
            m_wish_keeps(model, &change->wish, was->old[i].number, false);
}

static void refuse_change(struct model *model, const struct op *op, int index,
                          const struct change *change)
{
    const struct m_session *session = &model->sessions[index];
    const struct plain_person *was = &session->people[op->participant];
    if (!session_runs(session))
        m_deny(model, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED", 80607);
    if (!person_in(was))
        m_deny(model, STATUS_FAILED_PRECONDITION, "PARTICIPANT_REMOVED", 80607);
    if (change->wish.partners & change->wish.persons)
        m_deny(model, STATUS_ALREADY_EXISTS, "IDENTIFIER_IN_SESSION", 80103);
    if (change->other_list || op->set_number)
        m_refuse_identifiers(model, &change->wanted, NONE);
    if (op->set_number)
        m_wish_refusals(model, &change->wish, &change->wanted, NONE);
    refuse_kept(model, op, was, change);
}

/* ---- what becomes of it ---- */

static void add_old(struct plain_person *person, struct plain_old old, int64_t now)
{
    old.ended = old.ended || old.until <= now;
    if (old.number == person->number)
        return;
    if (person->old_count < PLAIN_OLD)
        person->old[person->old_count] = old;
    person->old_count++;
}

static void set_old(struct model *model, const struct op *op, const struct plain_person *was,
                    bool replaced, struct plain_person *person)
{
    int64_t now = model->now;
    int64_t life = op->life;
    person->old_count = 0;
    if (person->number != was->number)
        add_old(person, (struct plain_old){was->number, replaced ? now : now + life, false}, now);
    for (int i = 0; i < was->old_count; i++) {
        struct plain_old old = was->old[i];
        if (replaced && !old.ended && old.until > now)
            old.until = now;
        add_old(person, old, now);
    }
}

/* Pairs that it has no more. */
void m_let_go(struct model *model, int session, int participant)
{
    const struct plain_person *person = &model->sessions[session].people[participant];
    for (int i = 0; i < model->hold_count; i++) {
        struct m_hold *hold = &model->holds[i];
        if (hold->session != session || hold->participant != participant || hold->released)
            continue;
        bool has = person->number == hold->number;
        for (int j = 0; j < person->old_count; j++)
            has = has || (person->old[j].number == hold->number && !person->old[j].ended);
        bool is = m_person_bits(person) & 1u << hold->person;
        if (has && is)
            continue;
        hold->released = model->now;
        hold->replaced = !is;
        hold->until = is ? model->now : hold->until;
        hold->peers = m_peers_of(&model->sessions[session], participant);
        hold->peers_ever |= hold->peers;
    }
}

static void apply(struct model *model, const struct op *op, int index, const struct change *change,
                  const struct plain_person *seen)
{
    struct m_session *session = &model->sessions[index];
    struct plain_person *person = &session->people[op->participant];
    struct plain_person was = *person;
    struct op with_life = *op;
    if (op->life < 0)
        with_life.life = model->services[session->service].settings.late_window;
    person->number = seen->number;
    person->number_sid = seen->number_sid;
    person->who_count = change->wanted.who_count;
    for (int i = 0; i < person->who_count; i++)
        person->who[i] = (enum who)world_person(change->wanted.who[i]);
    set_old(model, &with_life, &was, change->replaced, person);
    session->former[op->participant] |= m_person_bits(&was);
    session->former[op->participant] &= ~m_person_bits(person);
    session->moved[op->participant] += world_person(was.who[0]) != world_person(person->who[0]);
    session->changed[op->participant]++;
    m_let_go(model, index, op->participant);
    m_hold_take(model, index, op->participant, false);
    m_holds_peers(model, index);
    struct m_expected *updated =
        m_expect(model, EVENT_PARTICIPANT_UPDATED, session->service, index);
    updated->event.participant = person->sid;
    updated->event.person_replaced = change->other_list && change->replaced;
    updated->event.number_replaced = was.number != person->number;
}

void m_do_participant_update(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    int index = service == NONE ? NONE : m_wanted_session(model, op, service);
    struct m_session *session = index == NONE ? NULL : &model->sessions[index];
    bool there = session && m_place_of(session, op) != NONE;
    struct change change = {.other_list = false};
    if (session && !there)
        m_deny(model, STATUS_NOT_FOUND, "PARTICIPANT_NOT_FOUND", 80610);
    if (there) {
        change = change_of(model, op, index);
        refuse_change(model, op, index, &change);
    } else if (op->set_people) {
        m_refuse_identifiers(model, &op->people[0], NONE);
    }
    if (!m_accepted(model, answer) || !there) {
        if (!answer->ok && there && op->set_number && !change.other_list)
            m_wish_details(model, &change.wish, &change.wanted, answer);
        return;
    }
    struct plain_person *person = &session->people[op->participant];
    const struct plain_person *seen = &answer->session.people[op->participant];
    struct op_person wanted = change.wanted;
    if (!op->set_number)
        wanted.number = person->number;
    m_check_given(model, &wanted, seen, &change.wish);
    if (change.other_list || seen->number != person->number)
        apply(model, op, index, &change, seen);
    m_check_session(model, session, &answer->session);
}

void m_end_old(struct model *model, int session, int participant, int number)
{
    struct plain_person *person = &model->sessions[session].people[participant];
    bool any = false;
    for (int i = 0; i < person->old_count; i++) {
        struct plain_old *old = &person->old[i];
        if (old->number != number || old->ended)
            continue;
        any = true;
        old->ended = true;
        old->until = old->until > model->now ? model->now : old->until;
    }
    if (!any)
        return;
    m_let_go(model, session, participant);
    struct m_expected *updated =
        m_expect(model, EVENT_PARTICIPANT_UPDATED, model->sessions[session].service, session);
    updated->event.participant = person->sid;
    updated->event.number_ended = true;
}
