#include "tests/model/generate.h"

#include "tests/model/generate_internal.h"

struct generator generator_of(uint64_t seed, const struct model *model)
{
    return (struct generator){
        .state = seed, .model = model, .next_service = 1, .next_session = 1, .next_message = 1};
}

static uint64_t draw(struct generator *generator)
{
    uint64_t z = generator->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int g_below(struct generator *generator, int bound)
{
    return (int)(draw(generator) % (uint64_t)bound);
}

bool g_chance(struct generator *generator, int percent)
{
    return g_below(generator, 100) < percent;
}

/* One of some spans, in seconds. */
int64_t g_span(struct generator *generator, const int *seconds, int count)
{
    return seconds[g_below(generator, count)] * SECOND;
}

/* ---- references ---- */

static int g_label(struct generator *generator, int next)
{
    return g_below(generator, next);
}

struct ref g_service(struct generator *generator)
{
    int labels[LABELS];
    int count = model_services(generator->model, labels, LABELS);
    struct ref ref = {.label = 0};
    if (count && g_chance(generator, 94))
        ref.label = labels[g_below(generator, count)];
    else
        ref.label = g_label(generator, generator->next_service);
    if (g_chance(generator, 4))
        ref.name = 1 + g_below(generator, NAMES);
    return ref;
}

/* A session, and its Service. */
void g_session(struct generator *generator, struct op *op)
{
    int labels[LABELS];
    int count = model_running(generator->model, labels, LABELS);
    if (!count || g_chance(generator, 35))
        count = model_sessions(generator->model, 0, labels, LABELS);
    op->service = g_service(generator);
    if (!count || g_chance(generator, 5)) {
        op->session.label = g_label(generator, generator->next_session);
        return;
    }
    op->session.label = labels[g_below(generator, count)];
    if (g_chance(generator, 98))
        op->service =
            (struct ref){.label = model_session_service(generator->model, op->session.label)};
    if (g_chance(generator, 8))
        op->session.name = 1 + g_below(generator, NAMES);
}

enum who g_who(struct generator *generator)
{
    if (g_chance(generator, 4))
        return (enum who)(WHO_N1 + g_below(generator, PHONES));
    if (g_chance(generator, 1))
        return WHO_NOBODY;
    /* Whoever is in a channel is of no use to most sessions. */
    return (enum who)g_below(generator, g_chance(generator, 20) ? WHO_N1 : WHO_F);
}

/* Mostly one that the Service has. */
static int some_number(struct generator *generator, struct ref service)
{
    int number = g_below(generator, g_chance(generator, 25) ? NUMBERS : PHONES);
    for (int i = 0; i < 8 && model_number_service(generator->model, number) != service.label; i++)
        number = g_below(generator, g_chance(generator, 40) ? NUMBERS : PHONES);
    return number;
}

struct op_person g_person(struct generator *generator, struct ref service)
{
    struct op_person person = {.who = {g_who(generator)}, .who_count = 1, .number = -1};
    if (g_chance(generator, 8))
        person.who[person.who_count++] = g_who(generator);
    if (g_chance(generator, 35))
        person.number = some_number(generator, service);
    if (person.who[0] == WHO_F && g_chance(generator, 85))
        person.number = SENDER;
    person.number_by_sid = g_chance(generator, 20);
    return person;
}

int g_request(struct generator *generator)
{
    return g_chance(generator, 20) ? 1 + g_below(generator, REQUEST_IDS - 1) : 0;
}

/* Most steps of the clock end where something is about to change: just before, at, or just after. */
static void make_clock(struct generator *generator, struct op *op)
{
    int64_t edges[512];
    int64_t now = model_now(generator->model);
    int count = model_edges(generator->model, edges, 512);
    if (count && g_chance(generator, 65)) {
        /* Near ones more often than far ones. */
        int64_t a = edges[g_below(generator, count)];
        int64_t b = edges[g_below(generator, count)];
        op->time = (a < b ? a : b) - 1 + g_below(generator, 3);
    } else if (g_chance(generator, 4)) {
        op->time = now + (g_chance(generator, 50) ? HOUR : 24 * HOUR);
    } else {
        op->time = now + g_below(generator, 6 * (int)SECOND);
    }
    if (op->time <= now)
        op->time = now + 1;
    /* A clock that is set back changes nothing. */
    if (g_chance(generator, 2))
        op->time = now - g_below(generator, 10 * (int)SECOND);
}

static bool repeat(struct generator *generator, struct op *ret_op)
{
    if (generator->inbound_count && g_chance(generator, 3)) {
        *ret_op = generator->inbound[g_below(generator, generator->inbound_count)];
        return true;
    }
    if (!generator->request_count || !g_chance(generator, 4))
        return false;
    *ret_op = generator->requests[g_below(generator, generator->request_count)];
    if (ret_op->kind == OP_SERVICE_CREATE)
        ret_op->label = generator->next_service++;
    if (ret_op->kind == OP_SESSION_CREATE)
        ret_op->label = generator->next_session++;
    if (ret_op->kind != OP_SESSIONS_CREATE)
        return true;
    ret_op->label = generator->next_session;
    generator->next_session += ret_op->batch_count;
    return true;
}

static void keep(struct op kept[8], int *count, const struct op *op)
{
    kept[*count % 8] = *op;
    if (*count < 8)
        (*count)++;
}

static enum op_kind a_kind(struct generator *generator)
{
    int labels[LABELS];
    int services = model_services(generator->model, labels, LABELS);
    int sessions = model_sessions(generator->model, 0, labels, LABELS);
    int numbers = 0;
    for (int i = 0; i < NUMBERS; i++)
        numbers += model_number_service(generator->model, i) != 0;
    int messages[MESSAGES];
    int carriers[MESSAGES];
    int waiting = model_waiting_messages(generator->model, messages, MESSAGES);
    int calls = model_calls(generator->model, false, messages, carriers, MESSAGES);
    bool locked = model_number_locked(generator->model) >= 0;
    struct plain_bar bar;
    int opt_outs = model_any_opt_out(generator->model, 0, &bar);
    int blocks = model_any_block(generator->model, 0, &bar);
    /* Where nothing is, little can be done with it. */
    const int some = sessions ? 4 : 1;
    const int weights[OP_KINDS] = {
        [OP_SERVICE_CREATE] = services == 0   ? 800
                              : services == 1 ? 8
                                              : 3,
        [OP_SERVICE_UPDATE] = 16,
        [OP_SERVICE_DELETE] = 3,
        [OP_NUMBER_ADD] = numbers < 3         ? 240
                          : numbers < NUMBERS ? 32
                                              : 4,
        [OP_NUMBERS_ADD] = numbers < 3         ? 240
                           : numbers < NUMBERS ? 16
                                               : 4,
        [OP_NUMBER_UPDATE] = locked ? 200 : 20,
        [OP_NUMBER_REMOVE] = 9,
        [OP_SESSION_CREATE] = sessions == 0  ? 300
                              : sessions < 6 ? 64
                                             : 12,
        [OP_SESSIONS_CREATE] = sessions < 6 ? 16 : 4,
        [OP_SESSION_UPDATE] = 9 * some,
        [OP_SESSION_DELETE] = 2 * some,
        [OP_PARTICIPANT_CREATE] = 8 * some,
        [OP_PARTICIPANT_UPDATE] = 13 * some,
        [OP_PARTICIPANT_DELETE] = 4 * some,
        [OP_INBOUND] = 30 * some,
        [OP_SEND] = (locked ? 25 : 9) * some,
        [OP_REDACT] = 2 * some,
        [OP_INTERACTION_DELETE] = 2 * some,
        [OP_OPT_OUT_CREATE] = 2 * some,
        [OP_OPT_OUT_DELETE] = opt_outs ? 20 : 1,
        [OP_BLOCK_CREATE] = 2 * some,
        [OP_BLOCK_DELETE] = blocks ? 14 : 1,
        [OP_RATE] = 10,
        [OP_CALL] = calls < 4 ? 14 * some : 1,
        [OP_CALL_STEP] = calls ? 60 : 1,
        [OP_CALL_END] = calls ? 8 : 1,
        [OP_ANSWER] = waiting ? 60 : 2,
        [OP_RECEIPT] = model_sent_messages(generator->model, messages, carriers, MESSAGES) ? 28 : 2,
        [OP_CARRIER_MODE] = 12,
        [OP_CARRIER_READY] = 8,
        [OP_CLOCK] = 64,
        [OP_RUN] = locked ? 120 : 66,
        [OP_RESTART] = 4,
    };
    int sum = 0;
    for (int i = 0; i < OP_KINDS; i++)
        sum += weights[i];
    int at = g_below(generator, sum);
    int kind = 0;
    while (at >= weights[kind])
        at -= weights[kind++];
    return (enum op_kind)kind;
}

static void make_nothing(struct generator *generator, struct op *op)
{
    (void)generator;
    (void)op;
}

static void make_restart(struct generator *generator, struct op *op)
{
    op->crash = generator->crashes && g_chance(generator, 60);
}

static void (*const MAKING[OP_KINDS])(struct generator *generator, struct op *op) = {
    [OP_SERVICE_CREATE] = make_service,
    [OP_SERVICE_UPDATE] = make_service,
    [OP_SERVICE_DELETE] = make_service,
    [OP_NUMBER_ADD] = make_number,
    [OP_NUMBERS_ADD] = make_numbers,
    [OP_NUMBER_UPDATE] = make_number,
    [OP_NUMBER_REMOVE] = make_number,
    [OP_SESSION_CREATE] = make_session,
    [OP_SESSIONS_CREATE] = make_sessions,
    [OP_SESSION_UPDATE] = make_session,
    [OP_SESSION_DELETE] = make_session,
    [OP_PARTICIPANT_CREATE] = make_participant,
    [OP_PARTICIPANT_UPDATE] = make_update,
    [OP_PARTICIPANT_DELETE] = make_participant,
    [OP_INBOUND] = make_inbound,
    [OP_SEND] = make_send,
    [OP_REDACT] = make_redact,
    [OP_INTERACTION_DELETE] = make_redact,
    [OP_OPT_OUT_CREATE] = make_bar,
    [OP_OPT_OUT_DELETE] = make_bar,
    [OP_BLOCK_CREATE] = make_bar,
    [OP_BLOCK_DELETE] = make_bar,
    [OP_RATE] = make_rate,
    [OP_CALL] = make_call,
    [OP_CALL_STEP] = make_call_step,
    [OP_CALL_END] = make_call_end,
    [OP_ANSWER] = make_carrier,
    [OP_RECEIPT] = make_carrier,
    [OP_CARRIER_MODE] = make_carrier,
    [OP_CARRIER_READY] = make_carrier,
    [OP_CLOCK] = make_clock,
    [OP_RUN] = make_nothing,
    [OP_RESTART] = make_restart,
};

struct op generate(struct generator *generator)
{
    struct op op;
    if (repeat(generator, &op))
        return op;
    op = op_of(a_kind(generator));
    MAKING[op.kind](generator, &op);
    if (op.kind == OP_INBOUND)
        keep(generator->inbound, &generator->inbound_count, &op);
    if (op.request)
        keep(generator->requests, &generator->request_count, &op);
    return op;
}
