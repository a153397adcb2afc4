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

static void add_ref(struct line *line, const char *what, char letter, struct ref ref)
{
    if (ref.name)
        add(line, " %s=name%d(%c%d)", what, ref.name, letter, ref.label);
    else
        add(line, " %s=%c%d", what, letter, ref.label);
}

static void add_who(struct line *line, enum who who)
{
    static const char *const names[] = {"A",  "B",  "C",  "D",  "E",      "E'",
                                        "N1", "N2", "N3", "N4", "nobody", "?"};
    add(line, "%s", names[who]);
}

static void add_people(struct line *line, const struct op *op)
{
    for (int i = 0; i < op->people_count; i++) {
        const struct op_person *person = &op->people[i];
        add(line, " ");
        for (int j = 0; j < person->who_count; j++) {
            if (j)
                add(line, "/");
            add_who(line, person->who[j]);
        }
        if (person->number < 0)
            add(line, "=?");
        else
            add(line, "=N%d%s", person->number + 1, person->number_by_sid ? "(sid)" : "");
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
    add(line, " N%d%s", op->number + 1, op->number_by_sid ? "(sid)" : "");
    if (op->kind == OP_NUMBER_ADD)
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
    if (op->kind == OP_SESSION_CREATE)
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
    add_people(line, op);
    if (op->kind == OP_PARTICIPANT_DELETE || op->kind == OP_SEND)
        add(line, " participant=%d", op->participant);
}

static void add_outcome(struct line *line, enum attempt_mode outcome)
{
    static const char *const names[] = {"hold", "take", "refuse", "retry", "unknown", "lost"};
    add(line, " %s", names[outcome]);
}

static void add_carrier_op(struct line *line, const struct op *op)
{
    static const char *const receipts[] = {"queued", "sent", "delivered", "undelivered", "failed"};
    switch (op->kind) {
    case OP_INBOUND:
        add(line, " m%d %s id=%d from=", op->message, world_carrier(op->carrier), op->provider);
        add_who(line, op->from);
        add(line, " to=N%d%s", op->number + 1, op->media ? " media" : "");
        break;
    case OP_ANSWER:
        add(line, " m%d", op->message);
        add_outcome(line, op->outcome);
        if (op->retry_after)
            add_span(line, "after", op->retry_after);
        break;
    case OP_RECEIPT:
        add(line, " m%d %s %s%s", op->message, world_carrier(op->carrier), receipts[op->receipt],
            op->stolen ? " stolen" : "");
        break;
    case OP_CARRIER_MODE:
        add(line, " %s", world_carrier(op->carrier));
        add_outcome(line, op->outcome);
        break;
    case OP_CARRIER_READY:
        add(line, " %s", world_carrier(op->carrier));
        break;
    default:
        add(line, " ");
        add_time(line, op->time);
    }
}

void op_print(const struct op *op, char *ret_text, size_t size)
{
    static const char *const kinds[OP_KINDS] = {"service.create",
                                                "service.update",
                                                "service.delete",
                                                "number.add",
                                                "number.update",
                                                "number.remove",
                                                "session.create",
                                                "session.update",
                                                "session.delete",
                                                "participant.create",
                                                "participant.delete",
                                                "inbound",
                                                "send",
                                                "answer",
                                                "receipt",
                                                "carrier.mode",
                                                "carrier.ready",
                                                "clock",
                                                "run",
                                                "restart"};
    struct line line = {ret_text, size, 0};
    add(&line, "%s", kinds[op->kind]);
    if (op->kind <= OP_SERVICE_DELETE)
        add_service_op(&line, op);
    else if (op->kind <= OP_NUMBER_REMOVE)
        add_number_op(&line, op);
    else if (op->kind <= OP_PARTICIPANT_DELETE || op->kind == OP_SEND)
        add_session_op(&line, op);
    else if (op->kind <= OP_CLOCK)
        add_carrier_op(&line, op);
    if (op->kind == OP_SEND) {
        add(&line, " m%d%s", op->message, op->media ? " media" : "");
        if (op->max_life)
            add_span(&line, "max_life", op->max_life);
    }
    if (op->crash)
        add(&line, " crash");
    if (op->request)
        add(&line, " request=%d", op->request);
}
