/* Sessions and their participants. */
#include "tests/model/generate_internal.h"

static void make_times(struct generator *generator, struct op *op)
{
    int64_t now = model_now(generator->model);
    if (g_chance(generator, 30))
        op->ttl = SPAN(generator, 0, 5, 60, 200);
    if (g_chance(generator, 15))
        op->date = now + SPAN(generator, 5, 30, 100);
    if (g_chance(generator, 4))
        op->date = now - 1 + g_below(generator, 3);
}

/* The people of a session that there was, often with their numbers: what rests for others does not for them. */
static void same_people(struct generator *generator, struct op *op)
{
    int labels[LABELS];
    int count = model_sessions(generator->model, 0, labels, LABELS);
    if (!count)
        return;
    int session = labels[g_below(generator, count)];
    bool numbers = g_chance(generator, 50);
    bool left;
    op->service = (struct ref){.label = model_session_service(generator->model, session)};
    for (int i = 0; i < 2; i++) {
        struct op_person person = {.who_count = 1, .number = -1};
        if (!model_person(generator->model, session, i, &person.who[0], &person.number, &left))
            return;
        if (!numbers)
            person.number = -1;
        op->people[i] = person;
        op->people_count = i + 1;
    }
}

/* Mostly others at each end. */
static void some_people(struct generator *generator, struct op *op)
{
    for (int i = 0; i < op->people_count; i++) {
        op->people[i] = g_person(generator, op->service);
        while (i % 2 && op->people[i].who[0] == op->people[i - 1].who[0] && g_chance(generator, 85))
            op->people[i] = g_person(generator, op->service);
    }
}

/* As a batch does, which asks for nothing else. */
static void close_quietly(struct op *op)
{
    op->quietly = true;
    op->set_ttl = op->set_date = op->set_metadata = false;
    op->ttl = -1;
    op->date = 0;
    op->metadata = 0;
}

void make_session(struct generator *generator, struct op *op)
{
    if (op->kind != OP_SESSION_CREATE) {
        g_session(generator, op);
        if (op->kind == OP_SESSION_DELETE)
            return;
        make_times(generator, op);
        op->set_ttl = op->ttl >= 0 || g_chance(generator, 8);
        op->set_date = op->date || g_chance(generator, 10);
        op->set_metadata = g_chance(generator, 15);
        op->metadata = op->set_metadata ? g_below(generator, 4) : 0;
        if (g_chance(generator, 60))
            op->status = g_chance(generator, 50) ? SESSION_CLOSED : SESSION_IN_PROGRESS;
        if (g_chance(generator, 2))
            op->status = 1 + g_below(generator, 4);
        if (op->status == SESSION_CLOSED && g_chance(generator, 15))
            close_quietly(op);
        return;
    }
    op->label = generator->next_session++;
    op->service = g_service(generator);
    op->name = g_chance(generator, 30) ? 1 + g_below(generator, NAMES) : 0;
    op->mode = g_chance(generator, 30) ? 1 + g_below(generator, 3) : 0;
    op->status = g_chance(generator, 8) ? 1 + g_below(generator, 4) : 0;
    make_times(generator, op);
    op->metadata = g_chance(generator, 20) ? 1 + g_below(generator, 3) : 0;
    op->people_count = g_chance(generator, 70) ? 2 : g_below(generator, 3);
    if (g_chance(generator, 2))
        op->people_count = 3;
    some_people(generator, op);
    if (g_chance(generator, 25))
        same_people(generator, op);
    op->request = g_request(generator);
}

void make_participant(struct generator *generator, struct op *op)
{
    g_session(generator, op);
    if (op->kind == OP_PARTICIPANT_CREATE) {
        op->people[0] = g_person(generator, op->service);
        op->people_count = 1;
        op->request = g_request(generator);
        return;
    }
    int people = model_session_people(generator->model, op->session.label);
    op->participant = g_below(generator, people + 1);
    if (people && g_chance(generator, 90))
        op->participant = g_below(generator, people);
}

void make_sessions(struct generator *generator, struct op *op)
{
    op->kind = OP_SESSION_CREATE;
    make_session(generator, op);
    op->kind = OP_SESSIONS_CREATE;
    op->batch_count = 2 + g_below(generator, OP_BATCH - 1);
    op->people_count = 2 * op->batch_count;
    generator->next_session += op->batch_count - 1;
    some_people(generator, op);
    /* The same two again, who cannot have the same numbers. */
    if (g_chance(generator, 30)) {
        op->people[2] = op->people[0];
        op->people[3] = op->people[1];
    }
}

void make_update(struct generator *generator, struct op *op)
{
    enum who author;
    enum who reader;
    int session;
    make_participant(generator, op);
    /* Whoever wrote what waits. */
    if (g_chance(generator, 25) &&
        model_waited_from(generator->model, g_below(generator, 64), &author, &op->participant,
                          &reader, &session)) {
        op->session = (struct ref){.label = session};
        op->service = (struct ref){.label = model_session_service(generator->model, session)};
    }
    op->people[0] = g_person(generator, op->service);
    op->set_people = g_chance(generator, 55);
    op->set_number = g_chance(generator, 55);
    if (!op->set_number)
        op->people[0].number = -1;
    /* Back to one that it had, at times. */
    int old = model_old_number(generator->model, op->session.label, op->participant);
    if (op->set_number && old >= 0 && g_chance(generator, 30))
        op->people[0].number = old;
    if (g_chance(generator, 60))
        op->life = SPAN(generator, 0, 4, 20);
    /* A phone more, or the other way round. */
    bool left;
    enum who who;
    int number;
    if (op->set_people && g_chance(generator, 35) &&
        model_person(generator->model, op->session.label, op->participant, &who, &number, &left)) {
        op->people[0].who_count = 2;
        op->people[0].who[g_below(generator, 2)] = who;
    }
}
