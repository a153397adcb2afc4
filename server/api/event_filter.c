#include "server/api/event_filter.h"

#include "server/api/convert.h"

#include <string.h>

enum { TYPES_MOST = 64 };

bool event_filter_types(struct event_filter *filter, const Maskline__V1__EventFilter *given,
                        struct error *error)
{
    error_clear(error);
    if (given->n_types > TYPES_MOST)
        return error_field(error, "filter.types", "At most %d can be given.", TYPES_MOST);
    for (size_t i = 0; i < given->n_types; i++) {
        int type = (int)given->types[i];
        if (type <= 0 || type >= EVENT_TYPES_MOST ||
            !protobuf_c_enum_descriptor_get_value(&maskline__v1__event_type__descriptor, type))
            return error_field(error, "filter.types", "%d is no type of event.", type);
        filter->types[type / 8] |= (uint8_t)(1 << type % 8);
        filter->by_type = true;
    }
    return true;
}

bool event_passes(const struct event_filter *filter, const Maskline__Store__V1__Entry *entry)
{
    int type = (int)event_type(entry);
    if (filter->by_type && !(filter->types[type / 8] >> type % 8 & 1))
        return false;
    if (!filter->by_session)
        return true;
    ProtobufCBinaryData session = event_session(entry);
    return session.len == sizeof filter->session &&
           memcmp(session.data, filter->session, session.len) == 0;
}
