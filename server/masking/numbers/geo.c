#include "server/masking/numbers/geo.h"

#include "proto/c/address.h"
#include "server/masking/numbers/calling_code.h"

#include <stdio.h>

static void set_area(const char *number, struct geo *geo)
{
    unsigned code;
    const struct area *area = address_area(number, &code);
    if (!code)
        return;
    snprintf(geo->area, sizeof geo->area, "%03u", code % 1000);
    snprintf(geo->overlay, sizeof geo->overlay, "%03u", (area ? area->overlay : code) % 1000u);
    if (area)
        snprintf(geo->region, sizeof geo->region, "%s", area->region);
}

void geo_of(const char *number, struct geo *ret_geo)
{
    *ret_geo = (struct geo){.code = ""};
    struct address address;
    if (!address_parse(number, ADDRESS_STRICT, &address))
        return;
    calling_code(number, ret_geo->code);
    snprintf(ret_geo->country, sizeof ret_geo->country, "%s", address_country(&address));
    set_area(number, ret_geo);
}

const char *geo_place(const struct geo *geo, enum scope scope)
{
    switch (scope) {
    case SCOPE_AREA:
        return geo->area;
    case SCOPE_OVERLAY:
        return geo->overlay;
    case SCOPE_REGION:
        return geo->region;
    default:
        return geo->code;
    }
}
