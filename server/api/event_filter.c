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
        if (type <= 0 || type > 63 ||
            !protobuf_c_enum_descriptor_get_value(&maskline__v1__event_type__descriptor, type))
            return error_field(error, "filter.types", "%d is no type of event.", type);
        filter->types |= UINT64_C(1) << type;
    }
    return true;
}

bool event_passes(const struct event_filter *filter, const Maskline__Store__V1__Entry *entry)
{
    if (filter->types != 0 && !(filter->types >> event_type(entry) & 1))
        return false;
    if (!filter->by_session)
        return true;
    ProtobufCBinaryData session = event_session(entry);
    return session.len == sizeof filter->session &&
           memcmp(session.data, filter->session, session.len) == 0;
}
