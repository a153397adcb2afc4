/*
 * A participant gets another person, number or name while its session lives.
 *
 * Its generation grows with person and number, so that whatever was decided for the former ones takes no effect. A number that it had stays
 * beside the new one for a while, for replies alone; it counts as held so long. Of a person who is replaced nothing is honoured any more.
 */
#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/rows/forms.h"
#include "server/masking/sessions/joiner.h"
#include "server/masking/sessions/session_numbers.h"
#include "server/masking/sessions/session_op.h"
#include "server/masking/sessions/session_routes.h"

#include <string.h>

enum {
    OLD_NUMBER_LIFE_MOST = 30 * 24 * 3600, /* seconds */
};

struct replacing {
    struct session_op base;
    const struct participant_change *change;
    struct joiner joiner;
    /* What the decision finds out. */
    const Maskline__Store__V1__Participant *was;
    Maskline__Store__V1__Participant *made;
    struct choice choice; /* its number NULL: it keeps the one that it has */
    struct shortage shortage;
    bool list_changes; /* of identifiers */
    bool person_replaced;
};

static bool no_memory(struct replacing *r)
{
    return refuse(&r->base.op.error, REFUSED_NO_MEMORY);
}

/* ---- what is asked for ---- */

static bool find(struct replacing *r, struct rows *rows)
{
    struct session_op *op = &r->base;
    struct error *error = &op->op.error;
    if (!session_op_find(op, rows, r->change->service, r->change->session) ||
        !participants_find(op->session, r->change->participant, &r->was, error))
        return false;
    if (!session_open(op->session))
        return refuse(error, REFUSED_SESSION_CLOSED);
    return !r->was->delete_time || refuse(error, REFUSED_PARTICIPANT_REMOVED);
}

static bool same_list(const struct joiner *joiner, const Maskline__Store__V1__Participant *was)
{
    if (joiner->count != was->n_identifiers)
        return false;
    for (size_t i = 0; i < joiner->count; i++) {
        if (strcmp(joiner_text(joiner, i), was->identifiers[i]) != 0)
            return false;
    }
    return true;
}

static bool read_person(struct replacing *r, struct rows *rows)
{
    const Maskline__Store__V1__Session *session = r->base.session;
    if (!r->change->set_identifiers) {
        struct joiner asked = r->joiner;
        if (!joiner_of(r->was, &r->change->draft, &r->joiner))
            return rows_unreadable(rows, &r->base.op.error);
        r->joiner.asks = asked.asks;
        r->joiner.asks_sid = asked.asks_sid;
        r->joiner.asks_short = asked.asks_short;
        r->joiner.proxy = asked.proxy;
        memcpy(r->joiner.sid, asked.sid, sizeof asked.sid);
    }
    r->list_changes = !same_list(&r->joiner, r->was);
    r->person_replaced = r->list_changes && !joiner_is(&r->joiner, r->was);
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *other = session->participants[i];
        if (other != r->was && !other->delete_time && joiner_is(&r->joiner, other))
            return refuse(&r->base.op.error, REFUSED_IDENTIFIER_IN_SESSION);
    }
    return true;
}

static bool same_number(const Maskline__Store__V1__Participant *was, const char *proxy)
{
    struct address has = proxy_form(was->bindings[0]->proxy_identifier), form = proxy_form(proxy);
    return !strcmp(has.text, form.text);
}

static bool find_number(struct replacing *r, struct rows *rows)
{
    const struct seat seat = {.service = r->base.service,
                              .session = r->base.session,
                              .replaced = r->was,
                              .shortage = &r->shortage};
    struct error *error = &r->base.op.error;
    r->choice.number = NULL;
    if (!r->was->n_bindings)
        return rows_unreadable(rows, error);
    if (!r->change->set_proxy)
        return true;
    if (!joiner_number(r->base.op.masking, rows, &seat, &r->joiner,
                       r->was->bindings[0]->proxy_identifier, &r->choice, error))
        return false;
    if (same_number(r->was, r->choice.number->phone_number))
        r->choice.number = NULL;
    return true;
}

/* ---- what it becomes ---- */

static bool keep_binding(struct replacing *r, struct rows *rows,
                         const Maskline__Store__V1__Binding *was, int64_t until)
{
    Maskline__Store__V1__Binding *binding = arena_alloc(rows->arena, sizeof *binding);
    if (!binding)
        return false;
    *binding = *was;
    if (!was->ended && until && (!was->until_time || until < was->until_time))
        binding->until_time = until;
    if (!was->ended && until && until <= rows->now)
        binding->ended = true;
    r->made->bindings[r->made->n_bindings++] = binding;
    return true;
}

/* The present one first. The number that it had lives on for a while, but for nobody else. */
static bool set_bindings(struct replacing *r, struct rows *rows)
{
    const Maskline__Store__V1__Settings *settings = r->base.service->settings;
    int64_t life = r->change->life_given ? r->change->old_number_life : settings->late_reply_window;
    size_t count = r->was->n_bindings;
    r->made->bindings = arena_array(rows->arena, count + 1, sizeof(Maskline__Store__V1__Binding *));
    r->made->n_bindings = 0;
    if (!r->made->bindings)
        return false;
    if (r->choice.number) {
        Maskline__Store__V1__Binding *binding = binding_to(rows, &r->choice);
        if (!binding)
            return false;
        r->made->bindings[r->made->n_bindings++] = binding;
    }
    bool over = r->person_replaced && !MUTANT("replaced_person_keeps_old_numbers");
    for (size_t i = 0; i < count; i++) {
        const Maskline__Store__V1__Binding *was = r->was->bindings[i];
        struct address form = proxy_form(was->proxy_identifier);
        bool again = false;
        if (r->choice.number) {
            struct address now = proxy_form(r->choice.number->phone_number);
            again = !strcmp(form.text, now.text);
        }
        bool present = i == 0 && !r->choice.number;
        int64_t until = over && !present ? rows->now : i == 0 ? rows->now + life : 0;
        if (!again && !keep_binding(r, rows, was, present ? 0 : until))
            return false;
    }
    if (r->person_replaced && !r->choice.number)
        r->made->bindings[0]->since_time = rows->now;
    return true;
}

static bool is_in(const ProtobufCBinaryData *person, const ProtobufCBinaryData *persons,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (persons[i].len == person->len && !memcmp(persons[i].data, person->data, person->len))
            return true;
    }
    return false;
}

/* Whoever it was and is no more. */
static bool set_former(struct replacing *r, struct rows *rows)
{
    const Maskline__Store__V1__Participant *was = r->was;
    Maskline__Store__V1__Participant *made = r->made;
    size_t room = was->n_persons + was->n_former_persons, count = 0;
    ProtobufCBinaryData *former = arena_array(rows->arena, room, sizeof *former);
    if (!former)
        return false;
    for (size_t i = 0; i < room; i++) {
        const ProtobufCBinaryData *person = i < was->n_former_persons
                                                ? &was->former_persons[i]
                                                : &was->persons[i - was->n_former_persons];
        if (!is_in(person, made->persons, made->n_persons))
            former[count++] = *person;
    }
    made->former_persons = former;
    made->n_former_persons = count;
    return true;
}

/* Legs that wait go to whomever they were meant for, by whichever number it has now. */
static uint64_t legs_since(const struct replacing *r)
{
    bool same_recipient =
        r->made->n_persons && r->was->n_persons && is_in(&r->made->persons[0], r->was->persons, 1);
    if (!same_recipient && !MUTANT("replaced_person_gets_what_waits"))
        return 0;
    return r->was->legs_since ? r->was->legs_since : r->was->generation;
}

static bool make(struct replacing *r, struct rows *rows)
{
    r->made = arena_alloc(rows->arena, sizeof *r->made);
    if (!r->made)
        return false;
    *r->made = *r->was;
    r->made->update_time = rows->now;
    if (r->change->set_friendly_name)
        r->made->friendly_name =
            borrowed(r->change->draft.friendly_name ? r->change->draft.friendly_name : "");
    if (!r->list_changes && !r->choice.number)
        return true;
    if (r->list_changes &&
        (!joiner_set_identifiers(rows->arena, &r->joiner, r->made) || !set_former(r, rows)))
        return false;
    if (!set_bindings(r, rows))
        return false;
    if (MUTANT("replacement_keeps_generation"))
        return true;
    r->made->generation = r->base.session->generation + 1;
    r->made->legs_since = legs_since(r);
    return true;
}

static bool check_pairs(struct replacing *r, struct rows *rows)
{
    const struct seat seat = {
        .service = r->base.service, .session = r->base.session, .replaced = r->was};
    return !r->list_changes ||
           joiner_may_have(r->base.op.masking, rows, &seat, &r->joiner, r->made, &r->base.op.error);
}

static bool append(struct replacing *r, struct rows *rows)
{
    struct session_op *op = &r->base;
    Maskline__Store__V1__ParticipantUpdated change = MASKLINE__STORE__V1__PARTICIPANT_UPDATED__INIT;
    change.participant = r->made;
    change.generation = op->session->generation + (r->list_changes || r->choice.number);
    change.person_replaced = r->person_replaced;
    change.number_replaced = r->choice.number != NULL;
    if (!participant_append(rows, op->service, op->session, &change, &op->op.error))
        return false;
    bool many = session_pairs_ever(op->session) > PAIRS_EVER;
    return !many || refuse(&op->op.error, REFUSED_TOO_MANY_CHANGES);
}

static bool decide(struct op *base, struct rows *rows)
{
    struct replacing *r = (struct replacing *)base;
    struct joiner asked = r->joiner;
    r->shortage.there_is = false;
    if (!find(r, rows))
        return false;
    bool ok = read_person(r, rows) && find_number(r, rows) && (make(r, rows) || no_memory(r)) &&
              check_pairs(r, rows);
    r->joiner = asked; /* for another try */
    if (!ok)
        return shortage_tell(base, rows, r->base.service, r->base.session, &r->shortage);
    bool same_name = !strcmp(r->made->friendly_name, r->was->friendly_name);
    if (same_name && !r->list_changes && !r->choice.number)
        return true;
    if (!append(r, rows))
        return false;
    op_note_session(base, r->base.service, r->base.session);
    return true;
}

static void warm(struct op *base, struct rows *rows)
{
    const struct replacing *r = (const struct replacing *)base;
    sid_bytes service;
    if (session_op_warm(rows, r->change->service, r->change->session, service))
        joiner_warm(rows, service, &r->joiner);
}

static void check_form(struct replacing *r)
{
    struct error *error = &r->base.op.error;
    const struct participant_change *change = r->change;
    if (change->set_identifiers) {
        joiner_read(error, store_hash_key(r->base.op.masking->store), "spec", &change->draft,
                    &r->joiner);
    } else {
        r->joiner = (struct joiner){.draft = &change->draft, .path = "spec"};
        if (change->set_friendly_name && change->draft.friendly_name)
            form_text(error, "spec.friendly_name", change->draft.friendly_name, FRIENDLY_NAME_MOST);
        joiner_read_proxy(error, &r->joiner);
    }
    if (change->life_given)
        form_span(error, "old_number_life", change->old_number_life, 0,
                  OLD_NUMBER_LIFE_MOST * INT64_C(1000000));
}

void participants_update(struct masking *masking, const struct participant_change *change,
                         session_done done, void *data)
{
    struct replacing *r = session_op_new(masking, sizeof *r, done, data);
    if (!r)
        return;
    r->change = change;
    r->base.op.decide = decide;
    r->base.op.warm = warm;
    check_form(r);
    op_run(&r->base.op);
}
