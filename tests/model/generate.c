#include "tests/model/generate.h"

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

static int below(struct generator *generator, int bound)
{
    return (int)(draw(generator) % (uint64_t)bound);
}

static bool chance(struct generator *generator, int percent)
{
    return below(generator, 100) < percent;
}

/* One of some spans, in seconds. */
static int64_t span(struct generator *generator, const int *seconds, int count)
{
    return seconds[below(generator, count)] * SECOND;
}

#define SPAN(generator, ...) \
    span(generator, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

/* ---- references ---- */

static int random_label(struct generator *generator, int next)
{
    return below(generator, next);
}

static struct ref a_service(struct generator *generator)
{
    int labels[LABELS];
    int count = model_services(generator->model, labels, LABELS);
    struct ref ref = {.label = 0};
    if (count && chance(generator, 94))
        ref.label = labels[below(generator, count)];
    else
        ref.label = random_label(generator, generator->next_service);
    if (chance(generator, 10))
        ref.name = 1 + below(generator, NAMES);
    return ref;
}

/* A session, and its Service. */
static void a_session(struct generator *generator, struct op *op)
{
    int labels[LABELS];
    int count = model_sessions(generator->model, 0, labels, LABELS);
    op->service = a_service(generator);
    if (!count || chance(generator, 5)) {
        op->session.label = random_label(generator, generator->next_session);
        return;
    }
    op->session.label = labels[below(generator, count)];
    if (chance(generator, 98))
        op->service =
            (struct ref){.label = model_session_service(generator->model, op->session.label)};
    if (chance(generator, 8))
        op->session.name = 1 + below(generator, NAMES);
}

static enum who a_who(struct generator *generator)
{
    if (chance(generator, 4))
        return (enum who)(WHO_N1 + below(generator, NUMBERS));
    if (chance(generator, 1))
        return WHO_NOBODY;
    return (enum who)below(generator, WHO_N1);
}

static struct op_person a_person(struct generator *generator)
{
    struct op_person person = {.who = {a_who(generator)}, .who_count = 1, .number = -1};
    if (chance(generator, 8))
        person.who[person.who_count++] = a_who(generator);
    if (chance(generator, 35))
        person.number = below(generator, NUMBERS);
    person.number_by_sid = chance(generator, 20);
    return person;
}

static int a_request(struct generator *generator)
{
    return chance(generator, 20) ? 1 + below(generator, REQUEST_IDS - 1) : 0;
}

/* ---- operations ---- */

static struct settings all_settings(struct generator *generator)
{
    struct settings settings = {.default_ttl = SPAN(generator, 0, 0, 20, 60),
                                .cool_down = SPAN(generator, 30, 60, 90, 5),
                                .late_window = SPAN(generator, 5, 10),
                                .max_life = SPAN(generator, 5, 20, 20),
                                .grace = SPAN(generator, 0, 0, 4, 30),
                                .quarantine = SPAN(generator, 10, 60),
                                .idle_cap = SPAN(generator, 0, 0, 0, 25),
                                .retention = SPAN(generator, 40, 200, 1000),
                                .mode = 1 + below(generator, 6),
                                .selection = below(generator, 3),
                                .level = chance(generator, 40) ? 1 + below(generator, 5) : 0,
                                .matching = below(generator, 3)};
    if (settings.cool_down < settings.late_window + settings.max_life && chance(generator, 80))
        settings.cool_down = settings.late_window + settings.max_life;
    if (settings.mode > MODE_VOICE)
        settings.mode = MODE_TEXT;
    return settings;
}

static void some_settings(struct generator *generator, struct settings *settings)
{
    struct settings all = all_settings(generator);
    int64_t *to[] = {&settings->default_ttl, &settings->cool_down, &settings->late_window,
                     &settings->max_life,    &settings->grace,     &settings->quarantine,
                     &settings->idle_cap,    &settings->retention};
    const int64_t from[] = {all.default_ttl, all.cool_down,  all.late_window, all.max_life,
                            all.grace,       all.quarantine, all.idle_cap,    all.retention};
    for (int i = 0; i < 8; i++)
        if (chance(generator, 20))
            *to[i] = from[i];
    if (chance(generator, 20))
        settings->selection = 1 + below(generator, 2);
    if (chance(generator, 20))
        settings->level = all.level;
    if (chance(generator, 20))
        settings->matching = all.matching;
    if (chance(generator, 10))
        settings->mode = all.mode;
}

static void make_service(struct generator *generator, struct op *op)
{
    if (op->kind == OP_SERVICE_CREATE) {
        op->label = generator->next_service++;
        op->name = 1 + below(generator, NAMES);
        op->settings = all_settings(generator);
        op->request = a_request(generator);
        return;
    }
    op->service = a_service(generator);
    if (op->kind != OP_SERVICE_UPDATE)
        return;
    if (chance(generator, 25))
        op->name = 1 + below(generator, NAMES);
    some_settings(generator, &op->settings);
}

static void make_number(struct generator *generator, struct op *op)
{
    op->number = below(generator, NUMBERS);
    op->service = a_service(generator);
    int owner = model_number_service(generator->model, op->number);
    if (op->kind != OP_NUMBER_ADD && owner && chance(generator, 90))
        op->service = (struct ref){.label = owner};
    op->number_by_sid = op->kind != OP_NUMBER_ADD && chance(generator, 30);
    op->carriers =
        chance(generator, 60) ? BY_DEFAULT : (enum carrier_choice)below(generator, BY_STRANGER);
    if (chance(generator, 2))
        op->carriers = BY_STRANGER;
    /* By force a number would go from sessions that use it, too, and others would take its place: the model does not know which. */
    op->force = false;
    if (op->kind == OP_NUMBER_ADD) {
        op->reserved = chance(generator, 15);
        if (chance(generator, 20))
            op->can = below(generator, 8);
        op->request = a_request(generator);
        return;
    }
    op->set_reserved = chance(generator, 40);
    op->reserved = op->set_reserved && chance(generator, 40);
    op->set_carriers = chance(generator, 25);
    if (chance(generator, 60))
        op->state = chance(generator, 50) ? NUMBER_ACTIVE : 2 + below(generator, 2);
    /* What waits for a number that is locked is to be seen to go. */
    int locked = model_number_locked(generator->model);
    if (locked >= 0 && chance(generator, 50)) {
        op->number = locked;
        op->service = (struct ref){.label = model_number_service(generator->model, locked)};
        op->state = NUMBER_ACTIVE;
    }
}

static void make_times(struct generator *generator, struct op *op)
{
    int64_t now = model_now(generator->model);
    if (chance(generator, 40))
        op->ttl = SPAN(generator, 0, 5, 20, 60);
    if (chance(generator, 25))
        op->date = now + SPAN(generator, 5, 30, 100);
    if (chance(generator, 4))
        op->date = now - 1 + below(generator, 3);
}

/* The people of a session that there was, often with their numbers: what rests for others does not for them. */
static void same_people(struct generator *generator, struct op *op)
{
    int labels[LABELS];
    int count = model_sessions(generator->model, 0, labels, LABELS);
    if (!count)
        return;
    int session = labels[below(generator, count)];
    bool numbers = chance(generator, 50);
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

static void make_session(struct generator *generator, struct op *op)
{
    if (op->kind != OP_SESSION_CREATE) {
        a_session(generator, op);
        if (op->kind == OP_SESSION_DELETE)
            return;
        make_times(generator, op);
        op->set_ttl = op->ttl >= 0 || chance(generator, 8);
        op->set_date = op->date || chance(generator, 10);
        op->set_metadata = chance(generator, 15);
        op->metadata = op->set_metadata ? below(generator, 4) : 0;
        if (chance(generator, 60))
            op->status = chance(generator, 50) ? SESSION_CLOSED : SESSION_IN_PROGRESS;
        if (chance(generator, 2))
            op->status = 1 + below(generator, 4);
        return;
    }
    op->label = generator->next_session++;
    op->service = a_service(generator);
    op->name = chance(generator, 30) ? 1 + below(generator, NAMES) : 0;
    op->mode = chance(generator, 30) ? 1 + below(generator, 3) : 0;
    op->status = chance(generator, 8) ? 1 + below(generator, 4) : 0;
    make_times(generator, op);
    op->metadata = chance(generator, 20) ? 1 + below(generator, 3) : 0;
    op->people_count = chance(generator, 70) ? 2 : below(generator, OP_PEOPLE);
    if (chance(generator, 2))
        op->people_count = OP_PEOPLE;
    for (int i = 0; i < op->people_count; i++)
        op->people[i] = a_person(generator);
    if (chance(generator, 25))
        same_people(generator, op);
    op->request = a_request(generator);
}

static void make_participant(struct generator *generator, struct op *op)
{
    a_session(generator, op);
    if (op->kind == OP_PARTICIPANT_CREATE) {
        op->people[0] = a_person(generator);
        op->people_count = 1;
        op->request = a_request(generator);
        return;
    }
    int people = model_session_people(generator->model, op->session.label);
    op->participant = below(generator, people + 1);
    if (people && chance(generator, 90))
        op->participant = below(generator, people);
}

static void make_send(struct generator *generator, struct op *op)
{
    make_participant(generator, op);
    op->kind = OP_SEND;
    op->message = chance(generator, 1) ? 0 : generator->next_message++;
    op->media = chance(generator, 15);
    op->max_life = chance(generator, 20) ? SPAN(generator, 3, 10, 100) : 0;
    op->request = a_request(generator);
}

static void make_inbound(struct generator *generator, struct op *op)
{
    int labels[LABELS];
    int count = model_sessions(generator->model, 0, labels, LABELS);
    op->from = a_who(generator);
    op->number = below(generator, NUMBERS);
    if (count && chance(generator, 85)) {
        bool left;
        int session = labels[below(generator, count)];
        int people = model_session_people(generator->model, session);
        if (people)
            model_person(generator->model, session, below(generator, people), &op->from,
                         &op->number, &left);
    }
    if (op->from == WHO_E && chance(generator, 50))
        op->from = WHO_E_ALSO;
    if (chance(generator, 1))
        op->from = WHO_NOBODY;
    op->message = generator->next_message++;
    op->media = chance(generator, 15);
    op->provider = below(generator, PROVIDER_IDS);
    op->carrier = model_number_carrier(generator->model, op->number);
    if (chance(generator, 5))
        op->carrier = below(generator, CARRIERS);
}

static void make_outcome(struct generator *generator, struct op *op)
{
    static const enum attempt_mode modes[] = {MODE_TAKE,  MODE_TAKE,   MODE_TAKE,    MODE_RETRY,
                                              MODE_RETRY, MODE_REFUSE, MODE_UNKNOWN, MODE_LOST};
    op->outcome = modes[below(generator, 8)];
    if (op->kind == OP_CARRIER_MODE) {
        op->carrier = below(generator, CARRIERS);
        if (chance(generator, 40))
            op->outcome = MODE_HOLD;
    } else if (op->outcome == MODE_RETRY && chance(generator, 30)) {
        op->retry_after = SPAN(generator, 3, 8);
    }
}

static void make_carrier(struct generator *generator, struct op *op)
{
    int messages[MESSAGES];
    int carriers[MESSAGES];
    int count;
    switch (op->kind) {
    case OP_ANSWER:
        count = model_waiting_messages(generator->model, messages, MESSAGES);
        op->message = count ? messages[below(generator, count)] : 0;
        make_outcome(generator, op);
        break;
    case OP_RECEIPT:
        count = model_sent_messages(generator->model, messages, carriers, MESSAGES);
        if (count) {
            int at = below(generator, count);
            op->message = messages[at];
            op->carrier = carriers[at];
        }
        op->receipt = (enum receipt_kind)below(generator, RECEIPT_KINDS);
        op->stolen = chance(generator, 4);
        break;
    case OP_CARRIER_MODE:
        make_outcome(generator, op);
        break;
    default:
        op->carrier = below(generator, CARRIERS);
    }
}

/* Most steps of the clock end where something is about to change: just before, at, or just after. */
static void make_clock(struct generator *generator, struct op *op)
{
    int64_t edges[512];
    int64_t now = model_now(generator->model);
    int count = model_edges(generator->model, edges, 512);
    if (count && chance(generator, 65)) {
        /* Near ones more often than far ones. */
        int64_t a = edges[below(generator, count)];
        int64_t b = edges[below(generator, count)];
        op->time = (a < b ? a : b) - 1 + below(generator, 3);
    } else if (chance(generator, 4)) {
        op->time = now + (chance(generator, 50) ? HOUR : 24 * HOUR);
    } else {
        op->time = now + below(generator, 6 * (int)SECOND);
    }
    if (op->time <= now)
        op->time = now + 1;
    /* A clock that is set back changes nothing. */
    if (chance(generator, 2))
        op->time = now - below(generator, 10 * (int)SECOND);
}

static bool repeat(struct generator *generator, struct op *ret_op)
{
    if (generator->inbound_count && chance(generator, 3)) {
        *ret_op = generator->inbound[below(generator, generator->inbound_count)];
        return true;
    }
    if (!generator->request_count || !chance(generator, 4))
        return false;
    *ret_op = generator->requests[below(generator, generator->request_count)];
    if (ret_op->kind == OP_SERVICE_CREATE)
        ret_op->label = generator->next_service++;
    if (ret_op->kind == OP_SESSION_CREATE)
        ret_op->label = generator->next_session++;
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
    int waiting = model_waiting_messages(generator->model, messages, MESSAGES);
    bool locked = model_number_locked(generator->model) >= 0;
    const int weights[OP_KINDS] = {
        [OP_SERVICE_CREATE] = services == 0   ? 200
                              : services == 1 ? 3
                                              : 1,
        [OP_SERVICE_UPDATE] = 4,
        [OP_SERVICE_DELETE] = 1,
        [OP_NUMBER_ADD] = numbers == 0        ? 60
                          : numbers < NUMBERS ? 12
                                              : 1,
        [OP_NUMBER_UPDATE] = locked ? 50 : 6,
        [OP_NUMBER_REMOVE] = 3,
        [OP_SESSION_CREATE] = sessions == 0  ? 60
                              : sessions < 8 ? 14
                                             : 2,
        [OP_SESSION_UPDATE] = 9,
        [OP_SESSION_DELETE] = 3,
        [OP_PARTICIPANT_CREATE] = 8,
        [OP_PARTICIPANT_DELETE] = 5,
        [OP_INBOUND] = 18,
        [OP_SEND] = locked ? 25 : 5,
        [OP_ANSWER] = waiting ? 12 : 1,
        [OP_RECEIPT] = 7,
        [OP_CARRIER_MODE] = 3,
        [OP_CARRIER_READY] = 2,
        [OP_CLOCK] = 15,
        [OP_RUN] = locked ? 30 : 16,
        [OP_RESTART] = 1,
    };
    int sum = 0;
    for (int i = 0; i < OP_KINDS; i++)
        sum += weights[i];
    int at = below(generator, sum);
    int kind = 0;
    while (at >= weights[kind])
        at -= weights[kind++];
    return (enum op_kind)kind;
}

struct op generate(struct generator *generator)
{
    struct op op;
    if (repeat(generator, &op))
        return op;
    op = op_of(a_kind(generator));
    if (op.kind <= OP_SERVICE_DELETE)
        make_service(generator, &op);
    else if (op.kind <= OP_NUMBER_REMOVE)
        make_number(generator, &op);
    else if (op.kind <= OP_SESSION_DELETE)
        make_session(generator, &op);
    else if (op.kind <= OP_PARTICIPANT_DELETE)
        make_participant(generator, &op);
    else if (op.kind == OP_INBOUND)
        make_inbound(generator, &op);
    else if (op.kind == OP_SEND)
        make_send(generator, &op);
    else if (op.kind <= OP_CARRIER_READY)
        make_carrier(generator, &op);
    else if (op.kind == OP_CLOCK)
        make_clock(generator, &op);
    else if (op.kind == OP_RESTART)
        op.crash = generator->crashes && chance(generator, 60);
    if (op.kind == OP_INBOUND)
        keep(generator->inbound, &generator->inbound_count, &op);
    if (op.request)
        keep(generator->requests, &generator->request_count, &op);
    return op;
}
