#include "server/masking/numbers/geo.h"

#include "proto/c/address.h"
#include "server/masking/numbers/calling_code.h"

#include <string.h>

/* Selection asks this for each choice, so it is done by hand. */
static void put_code(char text[4], unsigned code)
{
    text[0] = (char)('0' + code / 100 % 10);
    text[1] = (char)('0' + code / 10 % 10);
    text[2] = (char)('0' + code % 10);
}

static void set_area(const char *number, struct geo *geo)
{
    unsigned code;
    const struct area *area = address_area(number, &code);
    if (!code)
        return;
    put_code(geo->area, code);
    put_code(geo->overlay, area ? area->overlay : code);
    if (area)
        memcpy(geo->region, area->region, sizeof geo->region);
}

void geo_of(const char *number, struct geo *ret_geo)
{
    struct address address = {.text = ""};
    size_t size = strlen(number);
    *ret_geo = (struct geo){.code = ""};
    if (number[0] != '+' || size >= sizeof address.text)
        return;
    memcpy(address.text, number, size);
    calling_code(number, ret_geo->code);
    const char *country = address_country(&address);
    memcpy(ret_geo->country, country, strlen(country));
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
