#include "server/rpc/health.h"

#include "grpc/health/v1/health.grpc-c-server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

#define SERVING         GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING     GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

struct entry {
    struct entry *next;
    bool serving;
    char name[];
};

/* One Watch call; listed from its opening to its end. */
struct watcher {
    struct grpc_c_health *health;
    struct grpc_c_call *call;
    struct watcher *previous;
    struct watcher *next;
    const char *service; /* in the request */
    bool told;
    serving_status last;
};

struct grpc_c_health {
    struct grpc_health_v1_health_service service;
    const char *told_key; /* NULL: nothing is told besides */
    const char *told_value;
    /* Guards the lists. Held while watchers are woken. */
    pthread_mutex_t lock;
    struct entry *entries;
    struct watcher *watchers;
};

static struct entry *find(struct grpc_c_health *health, const char *service)
{
    for (struct entry *entry = health->entries; entry; entry = entry->next) {
        if (strcmp(entry->name, service) == 0)
            return entry;
    }
    return NULL;
}

static serving_status status_of(struct grpc_c_health *health, const char *service)
{
    pthread_mutex_lock(&health->lock);
    const struct entry *entry = find(health, service);
    serving_status status = !entry ? SERVICE_UNKNOWN : entry->serving ? SERVING : NOT_SERVING;
    pthread_mutex_unlock(&health->lock);
    return status;
}

/* Without memory for it the answer goes without. */
static void tell(const struct grpc_c_health *health, struct grpc_c_call *call)
{
    if (health->told_key)
        (void)grpc_c_call_send_initial(call, health->told_key, health->told_value,
                                       strlen(health->told_value));
}

static void check(void *data, struct grpc_c_call *call,
                  const Grpc__Health__V1__HealthCheckRequest *request)
{
    tell(data, call);
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    response.status = status_of(data, request->service);
    if (response.status != SERVICE_UNKNOWN) {
        grpc_health_v1_health_check_reply(call, &response);
        return;
    }
    struct error error;
    error_set(&error, STATUS_NOT_FOUND, "", 0, "The health of \"%s\" is not known here.",
              request->service);
    grpc_c_call_fail(call, &error);
}

static enum grpc_c_next watch_next(void *state, struct arena *arena,
                                   const Grpc__Health__V1__HealthCheckResponse **ret_message,
                                   struct error *ret_status)
{
    struct watcher *watcher = state;
    serving_status status = status_of(watcher->health, watcher->service);
    if (watcher->told && watcher->last == status) {
        if (!grpc_c_server_stopping(grpc_c_call_server(watcher->call)))
            return GRPC_C_LATER;
        error_set(ret_status, STATUS_UNAVAILABLE, "", 0, "The server stops; connect again.");
        return GRPC_C_END;
    }
    Grpc__Health__V1__HealthCheckResponse *response = arena_alloc(arena, sizeof(*response));
    if (!response) {
        error_set(ret_status, STATUS_RESOURCE_EXHAUSTED, "", 0, "There is no memory.");
        return GRPC_C_END;
    }
    grpc__health__v1__health_check_response__init(response);
    response->status = status;
    watcher->told = true;
    watcher->last = status;
    *ret_message = response;
    return GRPC_C_MESSAGE;
}

static void watch_end(void *state)
{
    struct watcher *watcher = state;
    struct grpc_c_health *health = watcher->health;
    pthread_mutex_lock(&health->lock);
    if (watcher->previous)
        watcher->previous->next = watcher->next;
    else
        health->watchers = watcher->next;
    if (watcher->next)
        watcher->next->previous = watcher->previous;
    pthread_mutex_unlock(&health->lock);
    free(watcher);
}

static void watch(void *data, struct grpc_c_call *call,
                  const Grpc__Health__V1__HealthCheckRequest *request)
{
    static const struct grpc_health_v1_health_watch_stream stream = {
        .next = watch_next,
        .on_end = watch_end,
    };
    struct grpc_c_health *health = data;
    struct watcher *watcher = calloc(1, sizeof(*watcher));
    if (!watcher) {
        struct error error;
        error_set(&error, STATUS_RESOURCE_EXHAUSTED, "", 0, "There is no memory.");
        grpc_c_call_fail(call, &error);
        return;
    }
    watcher->health = health;
    watcher->call = call;
    watcher->service = request->service;
    tell(health, call);
    /* Listed first: a status that is set from now on wakes the call, or is seen when it is first asked. */
    pthread_mutex_lock(&health->lock);
    watcher->next = health->watchers;
    if (watcher->next)
        watcher->next->previous = watcher;
    health->watchers = watcher;
    pthread_mutex_unlock(&health->lock);
    grpc_health_v1_health_watch_open(call, watcher, &stream);
}

struct grpc_c_health *grpc_c_health_new(struct error *error)
{
    struct grpc_c_health *health = calloc(1, sizeof(*health));
    if (health) {
        health->service = (struct grpc_health_v1_health_service){
            .data = health,
            .check = check,
            .watch = watch,
        };
        pthread_mutex_init(&health->lock, NULL);
        if (grpc_c_health_set(health, "", false))
            return health;
    }
    grpc_c_health_free(health);
    error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
    return NULL;
}

void grpc_c_health_tell(struct grpc_c_health *health, const char *key, const char *value)
{
    health->told_key = key;
    health->told_value = value;
}

bool grpc_c_health_add(struct grpc_c_health *health, struct grpc_c_server *server,
                       struct error *error)
{
    return grpc_c_server_add(server, &grpc_health_v1_health_descriptor, &health->service, error);
}

static struct entry *add_entry(struct grpc_c_health *health, const char *service)
{
    size_t size = strlen(service) + 1;
    struct entry *entry = malloc(sizeof(*entry) + size);
    if (!entry)
        return NULL;
    memcpy(entry->name, service, size);
    entry->next = health->entries;
    health->entries = entry;
    return entry;
}

static void wake_watchers(struct grpc_c_health *health)
{
    for (struct watcher *watcher = health->watchers; watcher; watcher = watcher->next)
        grpc_c_call_wake(watcher->call);
}

bool grpc_c_health_set(struct grpc_c_health *health, const char *service, bool serving)
{
    pthread_mutex_lock(&health->lock);
    struct entry *entry = find(health, service);
    if (!entry)
        entry = add_entry(health, service);
    if (entry)
        entry->serving = serving;
    wake_watchers(health);
    pthread_mutex_unlock(&health->lock);
    return entry != NULL;
}

void grpc_c_health_set_all(struct grpc_c_health *health, bool serving)
{
    pthread_mutex_lock(&health->lock);
    for (struct entry *entry = health->entries; entry; entry = entry->next)
        entry->serving = serving;
    wake_watchers(health);
    pthread_mutex_unlock(&health->lock);
}

void grpc_c_health_free(struct grpc_c_health *health)
{
    if (!health)
        return;
    for (struct entry *entry = health->entries, *next; entry; entry = next) {
        next = entry->next;
        free(entry);
    }
    pthread_mutex_destroy(&health->lock);
    free(health);
}
