#include "storage/pipeline.h"

#include <pthread.h>
#include <stdlib.h>

enum { WAITING_MOST = 4096 };

struct read_job {
    void (*read)(void *data);
    void *data;
};

struct readers {
    pthread_mutex_t lock; /* all below, but the threads */
    pthread_cond_t changed;
    struct read_job jobs[WAITING_MOST]; /* a ring */
    unsigned first;
    unsigned count;
    bool ending;
    unsigned thread_count;
    pthread_t threads[];
};

static void *run(void *data)
{
    struct readers *readers = data;
    pthread_mutex_lock(&readers->lock);
    for (;;) {
        if (readers->count > 0) {
            struct read_job job = readers->jobs[readers->first];
            readers->first = (readers->first + 1) % WAITING_MOST;
            readers->count--;
            pthread_mutex_unlock(&readers->lock);
            job.read(job.data);
            pthread_mutex_lock(&readers->lock);
        } else if (readers->ending) {
            break;
        } else {
            pthread_cond_wait(&readers->changed, &readers->lock);
        }
    }
    pthread_mutex_unlock(&readers->lock);
    return NULL;
}

struct readers *readers_new(unsigned threads)
{
    struct readers *readers = calloc(1, sizeof *readers + threads * sizeof *readers->threads);
    if (!readers)
        return NULL;
    pthread_mutex_init(&readers->lock, NULL);
    pthread_cond_init(&readers->changed, NULL);
    for (; readers->thread_count < threads; readers->thread_count++) {
        if (pthread_create(&readers->threads[readers->thread_count], NULL, run, readers) != 0) {
            readers_free(readers);
            return NULL;
        }
    }
    return readers;
}

bool readers_run(struct readers *readers, void (*read)(void *data), void *data)
{
    pthread_mutex_lock(&readers->lock);
    bool fits = readers->count < WAITING_MOST;
    if (fits) {
        unsigned place = (readers->first + readers->count++) % WAITING_MOST;
        readers->jobs[place] = (struct read_job){read, data};
        pthread_cond_signal(&readers->changed);
    }
    pthread_mutex_unlock(&readers->lock);
    return fits;
}

void readers_free(struct readers *readers)
{
    if (!readers)
        return;
    pthread_mutex_lock(&readers->lock);
    readers->ending = true;
    pthread_cond_broadcast(&readers->changed);
    pthread_mutex_unlock(&readers->lock);
    for (unsigned i = 0; i < readers->thread_count; i++)
        pthread_join(readers->threads[i], NULL);
    pthread_cond_destroy(&readers->changed);
    pthread_mutex_destroy(&readers->lock);
    free(readers);
}
