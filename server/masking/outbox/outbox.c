#include "proto/c/fault.h"
#include "proto/c/utf8.h"
#include "server/masking/errors.h"
#include "server/masking/outbox/outbox_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LEGS_DEFAULT = 200000,
    IN_FLIGHT_DEFAULT = 16384,
    /* A clock that is not the machine's may have moved without a kick. */
    LOOK_MOST = 1000000,
};

struct outbox *outbox_new(struct masking *masking, const struct outbox_limits *limits)
{
    struct outbox *outbox = calloc(1, sizeof *outbox);
    if (!outbox)
        return NULL;
    outbox->masking = masking;
    if (limits)
        outbox->limits = *limits;
    if (!outbox->limits.legs)
        outbox->limits.legs = LEGS_DEFAULT;
    if (!outbox->limits.in_flight)
        outbox->limits.in_flight = IN_FLIGHT_DEFAULT;
    outbox->ready_last = &outbox->ready;
    outbox->results_last = &outbox->results;
    outbox->settle_most = CHECK_MOST;
    outbox->overdue_time = INT64_MAX;
    outbox->backlog_time = INT64_MAX;
    pthread_mutex_init(&outbox->lock, NULL);
    pthread_mutex_init(&outbox->driving, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&outbox->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return outbox;
}

void outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    outbox_drop_mail(outbox);
    for (struct attempt *list[] = {outbox->results, outbox->sending}, **each = list;
         each < list + 2; each++) {
        while (*each) {
            struct attempt *next = (*each)->next;
            attempt_free(*each);
            *each = next;
        }
    }
    letters_clear(outbox);
    backlogs_clear(outbox);
    pthread_cond_destroy(&outbox->wake);
    pthread_mutex_destroy(&outbox->driving);
    pthread_mutex_destroy(&outbox->lock);
    free(outbox);
}

bool outbox_rebuild(struct outbox *outbox, struct view *view, struct error *error)
{
    if (!outbox->rebuilt) {
        outbox->rebuilt = true;
        return backlogs_rebuild(outbox, view, error);
    }
    /* A write has failed. What is in memory is durable, or is found out not to be when it is checked; what is not in memory is read. */
    atomic_store(&outbox->behind, true);
    outbox_kick(outbox);
    return true;
}

/* ---- mail ---- */

static void wake(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    pthread_cond_signal(&outbox->wake);
    pthread_mutex_unlock(&outbox->lock);
}

/* What this thread gathers, to hand it over in one go. */
static _Thread_local struct gathering {
    struct outbox *outbox; /* whose; NULL: nothing is gathered */
    struct mail *newest;
    struct mail *oldest;
} gathering;

/* The outbox that this thread drives. */
static _Thread_local struct outbox *driven_here;

static void hand_over(struct outbox *outbox, struct mail *newest, struct mail *oldest)
{
    struct mail *before = atomic_load(&outbox->mail);
    do {
        oldest->next = before;
    } while (!atomic_compare_exchange_weak(&outbox->mail, &before, newest));
    /* Whoever put the first one in has woken the driver, who looks before it waits. */
    if (!before && driven_here != outbox)
        wake(outbox);
}

void outbox_post(struct outbox *outbox, struct mail *mail, enum mail_kind kind)
{
    mail->kind = kind;
    if (gathering.outbox != outbox) {
        hand_over(outbox, mail, mail);
        return;
    }
    mail->next = gathering.newest;
    gathering.newest = mail;
    if (!gathering.oldest)
        gathering.oldest = mail;
}

void outbox_completing(struct outbox *outbox, bool begins)
{
    if (!begins && gathering.newest)
        hand_over(outbox, gathering.newest, gathering.oldest);
    gathering = (struct gathering){.outbox = begins ? outbox : NULL};
}

void outbox_note(struct outbox *outbox, const struct log_id *log,
                 const Maskline__Store__V1__Interaction *interaction)
{
    for (size_t i = 0; i < interaction->n_outbound; i++) {
        const Maskline__Store__V1__Leg *leg = interaction->outbound[i];
        if (!leg->due_time)
            continue;
        struct letter *letter = letter_new(log, interaction->session.data, interaction->sid.data,
                                           (uint32_t)i, leg->participant.data);
        if (!letter) {
            atomic_store(&outbox->behind, true);
            continue;
        }
        letter->row_time = leg->due_time;
        letter->due = leg->due_time;
        letter->expire = interaction->expire_time;
        outbox_post(outbox, &letter->mail, MAIL_LETTER);
    }
}

void outbox_hurry(struct outbox *outbox, const uint8_t *session, const uint8_t *participant)
{
    struct errand *errand = malloc(sizeof *errand);
    if (!errand)
        return; /* it is found out when its time comes */
    memcpy(errand->session, session, SID_BYTES);
    memcpy(errand->participant, participant, SID_BYTES);
    outbox_post(outbox, &errand->mail, MAIL_ERRAND);
}

/* What carriers say is kept up to a size, in bytes. */
enum { PROVIDER_ID_KEPT = 4 * 255, CARRIER_CODE_KEPT = 4 * 64 };

static size_t kept_size(const char *text, size_t most)
{
    return text ? utf8_prefix(text, most) : 0;
}

static const char *keep_text(char **place, const char *text, size_t size)
{
    char *kept = *place;
    if (size)
        memcpy(kept, text, size);
    kept[size] = 0;
    *place += size + 1;
    return kept;
}

void outbox_sent(struct outbox *outbox, void *data, const struct send_result *result)
{
    struct attempt *attempt = data;
    size_t id_size = kept_size(result->provider_id, PROVIDER_ID_KEPT);
    size_t code_size = kept_size(result->carrier_code, CARRIER_CODE_KEPT);
    attempt->result = (struct send_result){
        .outcome = result->outcome,
        .provider_id = "",
        .carrier_code = "",
        .retry_after = result->retry_after,
    };
    if (id_size || code_size)
        attempt->texts = malloc(id_size + code_size + 2);
    if (attempt->texts) {
        char *place = attempt->texts;
        attempt->result.provider_id = keep_text(&place, result->provider_id, id_size);
        attempt->result.carrier_code = keep_text(&place, result->carrier_code, code_size);
    }
    FAILPOINT("outbox_result_came");
    attempt_answered(attempt);
    outbox_post(outbox, &attempt->mail, MAIL_ATTEMPT);
}

void outbox_kick(struct outbox *outbox)
{
    atomic_store(&outbox->kicked, true);
    wake(outbox);
}

void outbox_carrier_ready(struct outbox *outbox, const char *carrier)
{
    struct ports *ports = outbox->masking->ports;
    struct port *port = ports_find(ports, carrier);
    if (!port)
        return;
    atomic_store(&outbox->ports_ready[ports_index(ports, port)], true);
    atomic_store(&outbox->port_ready, true);
    wake(outbox);
}

/* ---- driving ---- */

static bool has_news(struct outbox *outbox)
{
    return atomic_load(&outbox->mail) || atomic_load(&outbox->kicked) ||
           atomic_load(&outbox->port_ready) || atomic_load(&outbox->stopping);
}

static struct timespec monotonic_after(int64_t microseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += microseconds / 1000000;
    time.tv_nsec += microseconds % 1000000 * 1000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

/* Until there is mail, or until `next` may have come. */
static void wait_for_news(struct outbox *outbox, int64_t next)
{
    int64_t wait = INT64_MAX;
    if (next != INT64_MAX) {
        wait = next - store_now(outbox->masking->store);
        if (wait <= 0)
            return;
        if (wait > LOOK_MOST)
            wait = LOOK_MOST;
    }
    struct timespec until = monotonic_after(wait == INT64_MAX ? 0 : wait);
    pthread_mutex_lock(&outbox->lock);
    if (!has_news(outbox)) {
        if (wait == INT64_MAX)
            pthread_cond_wait(&outbox->wake, &outbox->lock);
        else
            pthread_cond_timedwait(&outbox->wake, &outbox->lock, &until);
    }
    pthread_mutex_unlock(&outbox->lock);
}

static void wait_for_mail(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    while (!atomic_load(&outbox->mail))
        pthread_cond_wait(&outbox->wake, &outbox->lock);
    pthread_mutex_unlock(&outbox->lock);
}

/* Everything that can be done without waiting for time or carriers. */
static void drive(struct outbox *outbox)
{
    do {
        outbox_step(outbox);
        if (outbox_awaits(outbox))
            wait_for_mail(outbox);
    } while (outbox_awaits(outbox) || atomic_load(&outbox->mail));
}

static void *run(void *data)
{
    struct outbox *outbox = data;
    pthread_mutex_lock(&outbox->driving);
    driven_here = outbox;
    while (!atomic_load(&outbox->stopping))
        wait_for_news(outbox, outbox_step(outbox));
    drive(outbox);
    pthread_mutex_unlock(&outbox->driving);
    return NULL;
}

bool outbox_start(struct outbox *outbox, struct error *error)
{
    if (outbox->masking->options.manual_timers)
        return true;
    if (pthread_create(&outbox->thread, NULL, run, outbox))
        return refuse(error, REFUSED_NO_THREAD);
    outbox->threaded = true;
    return true;
}

void outbox_stop(struct outbox *outbox)
{
    atomic_store(&outbox->stopping, true);
    wake(outbox);
    if (outbox->threaded) {
        pthread_join(outbox->thread, NULL);
        outbox->threaded = false;
        return;
    }
    pthread_mutex_lock(&outbox->driving);
    drive(outbox);
    pthread_mutex_unlock(&outbox->driving);
}

unsigned outbox_run_due(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->driving);
    outbox->ran = 0;
    atomic_store(&outbox->kicked, true);
    drive(outbox);
    unsigned ran = outbox->ran;
    pthread_mutex_unlock(&outbox->driving);
    return ran;
}
