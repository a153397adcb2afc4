#include "storage/pipeline_internal.h"

void refusal_error(enum refusal refusal, struct error *ret_error)
{
    switch (refusal) {
    case REFUSE_FULL:
        error_set(ret_error, STATUS_RESOURCE_EXHAUSTED, "DISK_FULL", 0,
                  "The disk is nearly full, so nothing is written; reading goes on. Make room, and "
                  "writing goes on by itself.");
        break;
    case REFUSE_BUSY:
        error_set(ret_error, STATUS_RESOURCE_EXHAUSTED, "STORE_BUSY", 0,
                  "Too many changes wait to be written; try again later.");
        break;
    case REFUSE_REOPENING:
        error_set(ret_error, STATUS_UNAVAILABLE, "STORE_REOPENING", 0,
                  "A write has failed and the store is being opened again; try again later.");
        break;
    case REFUSE_CLOSING:
        error_set(ret_error, STATUS_UNAVAILABLE, "STORE_CLOSING", 0, "The store is being closed.");
        break;
    case REFUSE_NONE:
        error_clear(ret_error);
        break;
    }
}

enum refusal refusal_now(struct pipeline *pipeline)
{
    if (atomic_load(&pipeline->stopping))
        return REFUSE_CLOSING;
    if (atomic_load(&pipeline->awaits_room))
        return REFUSE_FULL;
    if (atomic_load(&pipeline->reopening))
        return REFUSE_REOPENING;
    return store_is_full(pipeline->store) ? REFUSE_FULL : REFUSE_NONE;
}

bool pipeline_refuses(struct pipeline *pipeline, struct error *ret_why)
{
    enum refusal refusal = refusal_now(pipeline);
    if (refusal != REFUSE_NONE)
        refusal_error(refusal, ret_why);
    return refusal != REFUSE_NONE;
}
