#include "server/masking/log.h"

#include "proto/c/wire_check.h"
#include "storage/keys.h"

struct log_id service_log(const struct view *view, const Maskline__Store__V1__Service *service)
{
    return key_log(view_tenant(view), service->sid.data);
}

bool log_entry_read(struct bytes bytes, struct arena *arena, Maskline__Store__V1__Entry **ret_entry,
                    struct error *error)
{
    ProtobufCMessage *message;
    struct error why;
    if (message_unpack(&maskline__store__v1__entry__descriptor, bytes.data, bytes.size, NULL, arena,
                       &message, &why)) {
        *ret_entry = (Maskline__Store__V1__Entry *)message;
        return true;
    }
    if (arena_full(arena)) {
        *error = why;
        return false;
    }
    return error_set(error, STATUS_DATA_LOSS, "RECORD_UNREADABLE", 0,
                     "An entry of the log cannot be read: %s", why.message);
}
