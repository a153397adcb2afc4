#include "tests/model/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* A line that grows. */
struct line {
    char *text;
    size_t size, used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int wrote = vsnprintf(line->text + line->used, line->size - line->used, format, arguments);
    va_end(arguments);
    line->used += wrote > 0 ? (size_t)wrote : 0;
    if (line->used >= line->size)
        line->used = line->size - 1;
}

/* As seconds, with as many places as it takes. */
static void add_seconds(struct line *line, int64_t us)
{
    if (us < 0) {
        add(line, "-");
        us = -us;
    }
    add(line, "%" PRId64, us / SECOND);
    if (us % SECOND)
        add(line, ".%06" PRId64, us % SECOND);
    add(line, "s");
}

static void add_time(struct line *line, int64_t time)
{
    add(line, "T+");
    add_seconds(line, time - WORLD_BEGIN);
}

static void add_span(struct line *line, const char *name, int64_t us)
{
    if (us < 0)
        return;
    add(line, " %s=", name);
    add_seconds(line, us);
}

static void add_count(struct line *line, const char *name, int64_t count)
{
    if (count >= 0)
        add(line, " %s=%" PRId64, name, count);
}

static void add_ref(struct line *line, const char *what, char letter, struct ref ref)
{
    if (ref.name)
        add(line, " %s=name%d(%c%d)", what, ref.name, letter, ref.label);
    else
        add(line, " %s=%c%d", what, letter, ref.label);
}

static void add_who(struct line *line, enum who who)
{
    static const char *const names[] = {"A",  "B",  "C",  "D",  "E",      "E'", "F",
                                        "N1", "N2", "N3", "N4", "nobody", "*"};
    add(line, "%s", names[who]);
}

static void add_text(struct line *line, int message)
{
    char text[ADDRESS_TEXT];
    world_text(message, text);
    add(line, " %s", *text ? text : "m0");
}

static void add_identifiers(struct line *line, const struct op_person *person)
{
    for (int j = 0; j < person->who_count; j++) {
        if (j)
            add(line, "/");
        add_who(line, person->who[j]);
    }
}

static void add_number(struct line *line, const struct op_person *person)
{
    if (person->number < 0)
        add(line, "=?");
    else
        add(line, "=N%d%s", person->number + 1, person->number_by_sid ? "(sid)" : "");
}

static void add_person(struct line *line, const struct op_person *person)
{
    add(line, " ");
    add_identifiers(line, person);
    add_number(line, person);
}

static void add_people(struct line *line, const struct op *op)
{
    for (int i = 0; i < op->people_count; i++) {
        if (op->kind == OP_SESSIONS_CREATE && i && i % 2 == 0)
            add(line, " and");
        add_person(line, &op->people[i]);
    }
}

static void add_settings(struct line *line, const struct settings *settings)
{
    static const char *const selections[] = {"", "prefer-sticky", "avoid-sticky"};
    static const char *const levels[] = {"", "country", "area", "overlay", "region", "radius"};
    add_span(line, "default_ttl", settings->default_ttl);
    add_span(line, "cool_down", settings->cool_down);
    add_span(line, "late_window", settings->late_window);
    add_span(line, "max_life", settings->max_life);
    add_span(line, "grace", settings->grace);
    add_span(line, "quarantine", settings->quarantine);
    add_span(line, "idle_cap", settings->idle_cap);
    add_span(line, "retention", settings->retention);
    add_span(line, "cap_period", settings->cap_period);
    add_count(line, "person_cap", settings->person_cap);
    add_count(line, "session_cap", settings->session_cap);
    add_count(line, "rate", settings->rate);
    add_count(line, "reuse_names", settings->reuse_names);
    add_count(line, "own_words", settings->own_words);
    add_count(line, "notices", settings->notices);
    add_count(line, "silences", settings->silences);
    if (settings->keywords)
        add(line, " keywords=%s", settings->keywords == KEYWORDS_HEARD ? "on" : "off");
    if (settings->scope)
        add(line, " scope=%s", settings->scope == SCOPE_SERVICE ? "service" : "number");
    if (settings->mode)
        add(line, " mode=%d", settings->mode);
    if (settings->selection)
        add(line, " selection=%s", selections[settings->selection]);
    if (settings->level)
        add(line, " level=%s", levels[settings->level]);
    if (settings->matching)
        add(line, " matching=%s", settings->matching == MATCHING_STRICT ? "strict" : "best-effort");
}

static const char *carriers_text(enum carrier_choice choice)
{
    static const char *const texts[] = {"default", "c1", "c2", "c1,c2", "c2,c1", "stranger"};
    return texts[choice];
}

static void add_service_op(struct line *line, const struct op *op)
{
    if (op->kind == OP_SERVICE_CREATE)
        add(line, " k%d name=%d", op->label, op->name);
    else
        add_ref(line, "service", 'k', op->service);
    if (op->kind == OP_SERVICE_UPDATE && op->name)
        add(line, " name=%d", op->name);
    add_settings(line, &op->settings);
}

static void add_number_op(struct line *line, const struct op *op)
{
    static const char *const states[] = {"", "ACTIVE", "DRAINING", "LOCKED"};
    add_ref(line, "service", 'k', op->service);
    for (int i = 0; i < op->batch_count; i++)
        add(line, " N%d", op->batch[i] + 1);
    if (!op->batch_count)
        add(line, " N%d%s", op->number + 1, op->number_by_sid ? "(sid)" : "");
    if (op->kind == OP_NUMBER_ADD || op->kind == OP_NUMBERS_ADD)
        add(line, " can=%s%s%s carriers=%s%s", op->can & CAN_SMS ? "s" : "",
            op->can & CAN_MMS ? "m" : "", op->can & CAN_VOICE ? "v" : "",
            carriers_text(op->carriers), op->reserved ? " reserved" : "");
    if (op->kind == OP_NUMBER_UPDATE) {
        if (op->set_reserved)
            add(line, " reserved=%d", op->reserved);
        if (op->set_carriers)
            add(line, " carriers=%s", carriers_text(op->carriers));
        if (op->state)
            add(line, " state=%s", states[op->state]);
    }
    if (op->force)
        add(line, " force");
}

static void add_session_op(struct line *line, const struct op *op)
{
    static const char *const statuses[] = {"", "OPEN", "IN_PROGRESS", "CLOSED", "FAILED"};
    static const char *const modes[] = {"", "both", "text", "voice"};
    if (op->kind == OP_SESSION_CREATE || op->kind == OP_SESSIONS_CREATE)
        add(line, " s%d", op->label);
    else
        add_ref(line, "session", 's', op->session);
    add_ref(line, "service", 'k', op->service);
    if (op->name)
        add(line, " name=%d", op->name);
    if (op->mode)
        add(line, " mode=%s", modes[op->mode]);
    if (op->status)
        add(line, " status=%s", statuses[op->status]);
    if (op->set_ttl && op->ttl < 0)
        add(line, " ttl=none");
    add_span(line, "ttl", op->ttl);
    if (op->set_date && !op->date)
        add(line, " date=none");
    if (op->date) {
        add(line, " date=");
        add_time(line, op->date);
    }
    if (op->metadata || op->set_metadata)
        add(line, " metadata=%d", op->metadata);
    if (op->quietly)
        add(line, " quietly");
    if (op->kind != OP_PARTICIPANT_UPDATE)
        add_people(line, op);
}

static void add_participant_op(struct line *line, const struct op *op)
{
    add_session_op(line, op);
    add(line, " participant=%d", op->participant);
    if (op->kind != OP_PARTICIPANT_UPDATE)
        return;
    if (op->set_people) {
        add(line, " person=");
        add_identifiers(line, &op->people[0]);
    }
    if (op->set_number) {
        add(line, " number");
        add_number(line, &op->people[0]);
    }
    add_span(line, "life", op->life);
}

static void add_message_op(struct line *line, const struct op *op)
{
    if (op->kind == OP_SEND)
        add_participant_op(line, op);
    else
        add_session_op(line, op);
    add_text(line, op->message);
    if (op->media)
        add(line, " media");
    if (op->sender >= 0)
        add(line, " sender=%d", op->sender);
    if (op->max_life)
        add_span(line, "max_life", op->max_life);
}

static void add_bar_op(struct line *line, const struct op *op)
{
    add_ref(line, "service", 'k', op->service);
    add(line, " ");
    add_who(line, op->from);
    if (op->kind == OP_BLOCK_CREATE || op->kind == OP_BLOCK_DELETE) {
        add(line, " to=");
        add_who(line, op->to);
    } else if (op->number >= 0) {
        add(line, " N%d", op->number + 1);
    }
}

static void add_rate_op(struct line *line, const struct op *op)
{
    add_ref(line, "service", 'k', op->service);
    add(line, " method=%d times=%d", op->method, op->batch_count);
}

static void add_outcome(struct line *line, enum attempt_mode outcome)
{
    static const char *const names[] = {"hold", "take", "refuse", "retry", "unknown", "lost"};
    add(line, " %s", names[outcome]);
}

static void add_inbound_op(struct line *line, const struct op *op)
{
    add_text(line, op->message);
    add(line, " %s id=%d from=", world_carrier(op->carrier), op->provider);
    add_who(line, op->from);
    add(line, " to=N%d%s", op->number + 1, op->media ? " media" : "");
}

static void add_carrier_op(struct line *line, const struct op *op)
{
    static const char *const receipts[] = {"queued", "sent", "delivered", "undelivered", "failed"};
    if (op->kind == OP_ANSWER || op->kind == OP_RECEIPT)
        add_text(line, op->message);
    if (op->kind != OP_ANSWER)
        add(line, " %s", world_carrier(op->carrier));
    if (op->kind == OP_ANSWER || op->kind == OP_CARRIER_MODE)
        add_outcome(line, op->outcome);
    if (op->kind == OP_RECEIPT)
        add(line, " %s%s", receipts[op->receipt], op->stolen ? " stolen" : "");
    if (op->retry_after)
        add_span(line, "after", op->retry_after);
}

static void add_call_op(struct line *line, const struct op *op)
{
    static const char *const steps[] = {"ringing",   "picked-up", "connected", "completed", "busy",
                                        "no-answer", "failed",    "canceled",  "gone"};
    add(line, " m%d", op->message);
    if (op->kind == OP_CALL) {
        add(line, " %s from=", world_carrier(op->carrier));
        add_who(line, op->from);
        add(line, " to=N%d", op->number + 1);
    } else if (op->kind == OP_CALL_STEP) {
        add(line, " %s %s", op->second ? "second" : "first", steps[op->step]);
    } else {
        add_ref(line, "session", 's', op->session);
        add_ref(line, "service", 'k', op->service);
    }
}

static void add_clock_op(struct line *line, const struct op *op)
{
    add(line, " ");
    add_time(line, op->time);
}

static void add_nothing(struct line *line, const struct op *op)
{
    (void)line;
    (void)op;
}

static const struct {
    const char *name;
    void (*print)(struct line *line, const struct op *op);
} KINDS[OP_KINDS] = {
    [OP_SERVICE_CREATE] = {"service.create", add_service_op},
    [OP_SERVICE_UPDATE] = {"service.update", add_service_op},
    [OP_SERVICE_DELETE] = {"service.delete", add_service_op},
    [OP_NUMBER_ADD] = {"number.add", add_number_op},
    [OP_NUMBERS_ADD] = {"numbers.add", add_number_op},
    [OP_NUMBER_UPDATE] = {"number.update", add_number_op},
    [OP_NUMBER_REMOVE] = {"number.remove", add_number_op},
    [OP_SESSION_CREATE] = {"session.create", add_session_op},
    [OP_SESSIONS_CREATE] = {"sessions.create", add_session_op},
    [OP_SESSION_UPDATE] = {"session.update", add_session_op},
    [OP_SESSION_DELETE] = {"session.delete", add_session_op},
    [OP_PARTICIPANT_CREATE] = {"participant.create", add_session_op},
    [OP_PARTICIPANT_UPDATE] = {"participant.update", add_participant_op},
    [OP_PARTICIPANT_DELETE] = {"participant.delete", add_participant_op},
    [OP_INBOUND] = {"inbound", add_inbound_op},
    [OP_SEND] = {"send", add_message_op},
    [OP_REDACT] = {"redact", add_message_op},
    [OP_INTERACTION_DELETE] = {"interaction.delete", add_message_op},
    [OP_OPT_OUT_CREATE] = {"opt_out.create", add_bar_op},
    [OP_OPT_OUT_DELETE] = {"opt_out.delete", add_bar_op},
    [OP_BLOCK_CREATE] = {"block.create", add_bar_op},
    [OP_BLOCK_DELETE] = {"block.delete", add_bar_op},
    [OP_RATE] = {"rate", add_rate_op},
    [OP_CALL] = {"call", add_call_op},
    [OP_CALL_STEP] = {"call.step", add_call_op},
    [OP_CALL_END] = {"call.end", add_call_op},
    [OP_ANSWER] = {"answer", add_carrier_op},
    [OP_RECEIPT] = {"receipt", add_carrier_op},
    [OP_CARRIER_MODE] = {"carrier.mode", add_carrier_op},
    [OP_CARRIER_READY] = {"carrier.ready", add_carrier_op},
    [OP_CLOCK] = {"clock", add_clock_op},
    [OP_RUN] = {"run", add_nothing},
    [OP_RESTART] = {"restart", add_nothing},
};

const char *op_kind_name(enum op_kind kind)
{
    return KINDS[kind].name;
}

void op_print(const struct op *op, char *ret_text, size_t size)
{
    struct line line = {ret_text, size, 0};
    add(&line, "%s", KINDS[op->kind].name);
    KINDS[op->kind].print(&line, op);
    if (op->crash)
        add(&line, " crash");
    if (op->request)
        add(&line, " request=%d", op->request);
}
