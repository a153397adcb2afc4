/*
 * The carrier: it queues what is to be sent while a program is attached, and gives up what got no result.
 */
#include "server/carriers/gateway/internal.h"

#include <stdlib.h>

enum { FULL_RETRY_US = MICROSECONDS / 10 };

/* The next deadline of a list. */
static int64_t deadline_of(const struct attempts *list)
{
    return list->oldest ? list->oldest->deadline : WORKER_NEVER;
}

static int64_t give_up(void *data, int64_t now, unsigned *done)
{
    struct gateway *gateway = data;
    struct sending *sending = &gateway->sending;
    struct settled settled = {{NULL}};
    pthread_mutex_lock(&gateway->lock);
    for (; deadline_of(&sending->queued) <= now; ++*done)
        settle_queued(sending, sending->queued.oldest, &settled);
    for (; deadline_of(&sending->handed) <= now; ++*done)
        settle_lost(sending, sending->handed.oldest, &settled);
    int64_t queued = deadline_of(&sending->queued);
    int64_t handed = deadline_of(&sending->handed);
    *done += orders_give_up(gateway, now);
    pthread_mutex_unlock(&gateway->lock);
    settled_tell(&settled, gateway->masking);
    *done += orders_tell(gateway, now);
    pthread_mutex_lock(&gateway->lock);
    int64_t calls = orders_deadline(&gateway->orders);
    pthread_mutex_unlock(&gateway->lock);
    int64_t texts = queued < handed ? queued : handed;
    return calls < texts ? calls : texts;
}

static void *gateway_new(const char *name, const struct carrier_options *options)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    if (!gateway)
        return NULL;
    gateway->name = name;
    gateway->clock = options->clock;
    gateway->timeouts = options->timeouts;
    gateway->manual = options->manual;
    atomic_init(&gateway->honours_keys, true);
    atomic_init(&gateway->numbers_can, NUMBER_CAN_ALL);
    gateway->worker = worker_new(gateway->timeouts, give_up, gateway);
    if (!gateway->worker || !sending_init(&gateway->sending) || !orders_init(&gateway->orders)) {
        sending_done(&gateway->sending);
        worker_free(gateway->worker);
        free(gateway);
        return NULL;
    }
    gate_init(&gateway->gate);
    pthread_mutex_init(&gateway->lock, NULL);
    return gateway;
}

static bool gateway_start(void *self, struct masking *masking, struct error *error)
{
    struct gateway *gateway = self;
    gateway->masking = masking;
    return gateway->manual || worker_start(gateway->worker, error);
}

static void gateway_stop(void *self)
{
    struct gateway *gateway = self;
    struct settled settled = {{NULL}};
    pthread_mutex_lock(&gateway->lock);
    gateway->stopped = true;
    struct gateway_attachment *current = gateway->current;
    if (current) {
        attachment_end(current, ENDED_STOPPED, &settled);
        attachment_wake(current);
    }
    pthread_mutex_unlock(&gateway->lock);
    settled_tell(&settled, gateway->masking);
    worker_stop(gateway->worker);
    gate_close(&gateway->gate);
}

static void gateway_free(void *self)
{
    struct gateway *gateway = self;
    if (!gateway)
        return;
    sending_done(&gateway->sending);
    orders_done(&gateway->orders);
    worker_free(gateway->worker);
    gate_done(&gateway->gate);
    pthread_mutex_destroy(&gateway->lock);
    free(gateway);
}

static void gateway_take(void *self, const struct outbound_message *message, void *attempt)
{
    struct gateway *gateway = self;
    struct send_result again = {.outcome = SEND_RETRY, .provider_id = "", .carrier_code = ""};
    const struct attempt *queued = NULL;
    /* Who may get it was asked a moment ago; what waits longer than that is asked about again. */
    int64_t deadline = clock_now(&gateway->timeouts) + (int64_t)GATEWAY_WAIT_S * MICROSECONDS;
    pthread_mutex_lock(&gateway->lock);
    struct gateway_attachment *current = gateway->current;
    if (current && (current->program.honours_keys || !message->relies_on_key)) {
        queued = sending_queue(&gateway->sending, message, attempt, deadline);
        again.retry_after = FULL_RETRY_US;
        if (queued)
            attachment_wake(current);
    }
    pthread_mutex_unlock(&gateway->lock);
    if (queued)
        worker_by(gateway->worker, deadline);
    else
        ingress_sent(gateway->masking, attempt, &again);
}

static bool gateway_idempotent(void *self)
{
    struct gateway *gateway = self;
    return atomic_load(&gateway->honours_keys);
}

static unsigned gateway_numbers_can(void *self)
{
    struct gateway *gateway = self;
    return atomic_load(&gateway->numbers_can);
}

static enum carrier_health gateway_health(void *self)
{
    struct gateway *gateway = self;
    pthread_mutex_lock(&gateway->lock);
    bool attached = gateway->current != NULL;
    pthread_mutex_unlock(&gateway->lock);
    return attached ? CARRIER_READY : CARRIER_DETACHED;
}

static void gateway_kick(void *self)
{
    struct gateway *gateway = self;
    worker_kick(gateway->worker);
}

static unsigned gateway_run_due(void *self)
{
    struct gateway *gateway = self;
    return worker_run_due(gateway->worker);
}

const struct carrier_class gateway_class = {
    .kind = "gateway",
    .new = gateway_new,
    .start = gateway_start,
    .idempotent = gateway_idempotent,
    .send = gateway_take,
    .calls = &gateway_call_port,
    .numbers_can = gateway_numbers_can,
    .health = gateway_health,
    .kick = gateway_kick,
    .run_due = gateway_run_due,
    .stop = gateway_stop,
    .free = gateway_free,
};
