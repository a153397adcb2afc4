/*
 * A program from attach to detach.
 */
#include "proto/c/fault.h"
#include "server/carriers/gateway/internal.h"

#include <stdlib.h>

void attachment_unref(struct gateway_attachment *attachment)
{
    if (--attachment->refs > 0)
        return;
    waker_done(&attachment->waker);
    free(attachment);
}

/* Both as waker_call, the attachment perhaps gone afterwards. */
static void call_program(struct gateway_attachment *attachment, void (*call)(void *data))
{
    if (waker_call(&attachment->waker, &attachment->gateway->lock, call, attachment->program.data))
        attachment_unref(attachment);
}

void attachment_wake(struct gateway_attachment *attachment)
{
    if (!attachment->waiting)
        return;
    attachment->waiting = false;
    call_program(attachment, attachment->program.wake);
}

void attachment_end(struct gateway_attachment *attachment, enum ended ended,
                    struct settled *settled)
{
    struct gateway *gateway = attachment->gateway;
    if (gateway->current == attachment) {
        gateway->current = NULL;
        atomic_store(&gateway->honours_keys, true);
        atomic_store(&gateway->call_abilities, 0);
        if (MUTANT("last_hello_forgotten"))
            atomic_store(&gateway->numbers_can, NUMBER_CAN_ALL);
        settle_all_queued(&gateway->sending, settled);
    }
    settle_all_given(&gateway->sending, attachment, settled);
    orders_lose(gateway, attachment);
    if (!ended || attachment->ended)
        return;
    attachment->ended = ended;
    answers_drop(attachment);
}

static bool stopped(struct error *error)
{
    return error_set(error, STATUS_UNAVAILABLE, "SHUTTING_DOWN", 0,
                     "The server is shutting down; attach again.");
}

static bool no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "There is no memory for this program; attach again.");
}

static struct gateway_attachment *attachment_new(struct gateway *gateway,
                                                 const struct gateway_program *program)
{
    struct gateway_attachment *attachment = calloc(1, sizeof *attachment);
    if (!attachment)
        return NULL;
    attachment->gateway = gateway;
    attachment->program = *program;
    attachment->refs = 1;
    waker_init(&attachment->waker);
    return attachment;
}

static unsigned numbers_can(const struct gateway_program *program)
{
    unsigned can = program->call_abilities & CALL_CAN_CARRY ? NUMBER_CAN_CALL : 0;
    if (!program->no_texts)
        can |= NUMBER_CAN_TEXT;
    if (!program->no_texts && !program->no_media)
        can |= NUMBER_CAN_MEDIA;
    return can;
}

/* Puts it in the place of the one before. False when the gateway has stopped. */
static bool take_place(struct gateway *gateway, struct gateway_attachment *attachment,
                       bool *ret_took_over)
{
    struct settled settled = {{NULL}};
    pthread_mutex_lock(&gateway->lock);
    bool running = !gateway->stopped;
    if (running) {
        struct gateway_attachment *before = gateway->current;
        *ret_took_over = before != NULL;
        /* Before the other one ends: what is queued is this one's now. */
        gateway->current = attachment;
        atomic_store(&gateway->honours_keys, attachment->program.honours_keys);
        atomic_store(&gateway->call_abilities, attachment->program.call_abilities);
        atomic_store(&gateway->numbers_can, numbers_can(&attachment->program));
        if (!attachment->program.honours_keys)
            settle_all_relying(&gateway->sending, &settled);
        if (before) {
            attachment_end(before, ENDED_TAKEN_OVER, &settled);
            attachment_wake(before);
        }
    }
    pthread_mutex_unlock(&gateway->lock);
    settled_tell(&settled, gateway->masking);
    return running;
}

bool gateway_attach(struct gateway *gateway, const struct gateway_program *program,
                    struct gateway_attachment **ret_attachment, bool *ret_took_over,
                    struct error *error)
{
    struct gateway_attachment *attachment = attachment_new(gateway, program);
    if (!attachment)
        return no_memory(error);
    if (!gateway->masking || !gate_enter(&gateway->gate)) {
        attachment_unref(attachment);
        return stopped(error);
    }
    bool attached = take_place(gateway, attachment, ret_took_over);
    if (attached) {
        *ret_attachment = attachment;
        ingress_carrier_ready(gateway->masking, gateway->name);
    } else {
        attachment_unref(attachment);
        stopped(error);
    }
    gate_leave(&gateway->gate);
    return attached;
}

/* It is no carrier any more. */
static void leave_place(struct gateway_attachment *attachment)
{
    struct gateway *gateway = attachment->gateway;
    struct settled settled = {{NULL}};
    /* Once the gate is shut all was settled. */
    if (!gate_enter(&gateway->gate))
        return;
    pthread_mutex_lock(&gateway->lock);
    attachment_end(attachment, NOT_ENDED, &settled);
    pthread_mutex_unlock(&gateway->lock);
    settled_tell(&settled, gateway->masking);
    gate_leave(&gateway->gate);
}

void gateway_half_close(struct gateway_attachment *attachment)
{
    struct gateway *gateway = attachment->gateway;
    leave_place(attachment);
    pthread_mutex_lock(&gateway->lock);
    attachment->half_closed = true;
    attachment_wake(attachment);
    pthread_mutex_unlock(&gateway->lock);
}

void gateway_detach(struct gateway_attachment *attachment)
{
    if (!attachment)
        return;
    struct gateway *gateway = attachment->gateway;
    leave_place(attachment);
    pthread_mutex_lock(&gateway->lock);
    attachment->detached = true;
    attachment->waiting = false;
    answers_drop(attachment);
    if (waker_close(&attachment->waker, &gateway->lock))
        attachment_unref(attachment);
    pthread_mutex_unlock(&gateway->lock);
}

void gateway_result(struct gateway_attachment *attachment, const char *key,
                    const struct send_result *result)
{
    struct gateway *gateway = attachment->gateway;
    struct settled settled = {{NULL}};
    if (!gate_enter(&gateway->gate))
        return;
    pthread_mutex_lock(&gateway->lock);
    struct attempt *attempt = sending_find(&gateway->sending, attachment, key);
    if (attempt)
        settle(&gateway->sending, attempt, result, &settled);
    pthread_mutex_unlock(&gateway->lock);
    settled_tell(&settled, gateway->masking);
    gate_leave(&gateway->gate);
}

static enum gateway_next say_ended(const struct gateway_attachment *attachment,
                                   struct error *ret_status)
{
    switch (attachment->ended) {
    case ENDED_TAKEN_OVER:
        error_set(ret_status, STATUS_ABORTED, "CARRIER_TAKEN_OVER", 0,
                  "Another program has attached as this carrier.");
        break;
    case ENDED_NO_MEMORY:
        no_memory(ret_status);
        break;
    case ENDED_STOPPED:
    case NOT_ENDED:
        stopped(ret_status);
        break;
    }
    return GATEWAY_ENDED;
}

/* Hands over the oldest that is queued. False: the arena is full. */
static bool send_give(struct gateway_attachment *attachment, struct arena *arena,
                      struct gateway_output *ret_output)
{
    struct gateway *gateway = attachment->gateway;
    const struct attempt *attempt = gateway->sending.queued.oldest;
    struct text text;
    if (!text_to_arena(&attempt->text, arena, &text))
        return false;
    *ret_output = (struct gateway_output){
        .kind = GATEWAY_SEND,
        .send = {.key = text.strings[SEND_KEY],
                 .from = text.strings[SEND_FROM],
                 .to = text.strings[SEND_TO],
                 .body = text.strings[SEND_BODY],
                 .media = text.media,
                 .media_count = text.media_count,
                 .expire_time = attempt->expire_time},
    };
    int64_t deadline = clock_now(&gateway->timeouts) + (int64_t)GATEWAY_RESULT_S * MICROSECONDS;
    sending_hand_over(&gateway->sending, attachment, deadline);
    worker_by(gateway->worker, deadline);
    return true;
}

/* Whether there is something to send, less what is worth nothing any more or has waited too long since it was allowed. */
static bool has_send(struct gateway_attachment *attachment, struct settled *settled)
{
    struct gateway *gateway = attachment->gateway;
    struct sending *sending = &gateway->sending;
    if (gateway->current != attachment)
        return false;
    int64_t now = clock_now(&gateway->clock), waited = clock_now(&gateway->timeouts);
    while (sending->queued.oldest && (sending->queued.oldest->expire_time <= now ||
                                      sending->queued.oldest->deadline <= waited))
        settle_queued(sending, sending->queued.oldest, settled);
    return sending->queued.oldest != NULL;
}

/* Answers and hang-ups, in their order. False: the arena is full. */
static bool tell(struct gateway_attachment *attachment, struct arena *arena,
                 struct gateway_output *ret_output)
{
    attachment->answered_last = true;
    return orders_have_hang_up(attachment->gateway, attachment)
               ? orders_give_hang_up(attachment->gateway, arena, ret_output)
               : answer_give(attachment, arena, ret_output);
}

/* Texts to send and calls to place, by turns. */
static bool give_work(struct gateway_attachment *attachment, bool call, struct arena *arena,
                      struct gateway_output *ret_output)
{
    attachment->answered_last = false;
    attachment->placed_last = call;
    return call ? orders_give_call(attachment->gateway, arena, ret_output)
                : send_give(attachment, arena, ret_output);
}

/* With the lock held. */
static enum gateway_next pick(struct gateway_attachment *attachment, struct arena *arena,
                              struct gateway_output *ret_output, struct error *ret_status,
                              struct settled *settled)
{
    struct gateway *gateway = attachment->gateway;
    if (attachment->ended || gateway->stopped)
        return say_ended(attachment, ret_status);
    bool send = has_send(attachment, settled);
    bool call = orders_have_call(gateway, attachment);
    bool told = attachment->answers || orders_have_hang_up(gateway, attachment);
    if (!send && !call && !told) {
        if (attachment->half_closed && !attachment->handed_in) {
            error_clear(ret_status);
            return GATEWAY_ENDED;
        }
        attachment->waiting = true;
        return GATEWAY_LATER;
    }
    bool work = (send || call) && (!told || attachment->answered_last);
    if (work ? give_work(attachment, call && !(send && attachment->placed_last), arena, ret_output)
             : tell(attachment, arena, ret_output))
        return GATEWAY_OUTPUT;
    attachment_end(attachment, ENDED_NO_MEMORY, settled);
    return say_ended(attachment, ret_status);
}

enum gateway_next gateway_next(struct gateway_attachment *attachment, struct arena *arena,
                               struct gateway_output *ret_output, struct error *ret_status)
{
    struct gateway *gateway = attachment->gateway;
    struct settled settled = {{NULL}};
    bool entered = gate_enter(&gateway->gate);
    pthread_mutex_lock(&gateway->lock);
    enum gateway_next next = pick(attachment, arena, ret_output, ret_status, &settled);
    if (may_read_on(attachment))
        call_program(attachment, attachment->program.read_on);
    pthread_mutex_unlock(&gateway->lock);
    /* With the gate shut nothing was left to settle. */
    settled_tell(&settled, gateway->masking);
    if (entered)
        gate_leave(&gateway->gate);
    return next;
}
