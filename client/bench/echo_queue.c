#include "client/bench/echo_queue.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static struct echo_item *first, **end = &first;

void echo_queue_add(struct echo_item *item)
{
    item->next = NULL;
    pthread_mutex_lock(&lock);
    int alone = first == NULL;
    *end = item;
    end = &item->next;
    pthread_mutex_unlock(&lock);
    if (alone)
        pthread_cond_signal(&came);
}

struct echo_item *echo_queue_take(int waits)
{
    pthread_mutex_lock(&lock);
    while (waits && !first)
        pthread_cond_wait(&came, &lock);
    struct echo_item *list = first;
    first = NULL;
    end = &first;
    pthread_mutex_unlock(&lock);
    return list;
}
