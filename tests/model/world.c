#include "tests/model/world.h"

#include <stdio.h>
#include <string.h>

/* Everybody is at home in Denver. One number is of the code that lies over it, one of another part of the state, one of far away. */
enum { HOME = 303 };
static const int number_areas[NUMBERS] = {202, 720, 719};

void world_address(const struct world *world, enum who who, char ret_text[ADDRESS_TEXT])
{
    if (who == WHO_NOBODY)
        snprintf(ret_text, ADDRESS_TEXT, "anonymous");
    else if (who >= WHO_N1)
        world_number(world, (int)who - WHO_N1, ret_text);
    else if (who == WHO_E)
        snprintf(ret_text, ADDRESS_TEXT, "+5255%04u0005", world->tag);
    else if (who == WHO_E_ALSO)
        snprintf(ret_text, ADDRESS_TEXT, "+52155%04u0005", world->tag);
    else
        snprintf(ret_text, ADDRESS_TEXT, "+1%d%04u%03d", HOME, world->tag, (int)who);
}

void world_number(const struct world *world, int number, char ret_text[ADDRESS_TEXT])
{
    if (number == NUMBERS - 1)
        snprintf(ret_text, ADDRESS_TEXT, "+5233%04u0004", world->tag);
    else
        snprintf(ret_text, ADDRESS_TEXT, "+1%d%04u%03d", number_areas[number], world->tag,
                 number + 1);
}

enum who world_who(const struct world *world, const char *text)
{
    for (int who = 0; who < WHOS; who++) {
        char address[ADDRESS_TEXT];
        world_address(world, (enum who)who, address);
        if (strcmp(address, text) == 0)
            return (enum who)who;
    }
    return WHOS;
}

int world_number_of(const struct world *world, const char *text)
{
    enum who who = world_who(world, text);
    return who >= WHO_N1 && who <= WHO_N4 ? (int)who - WHO_N1 : -1;
}

int world_person(enum who who)
{
    return who == WHO_E_ALSO ? WHO_E : (int)who;
}

int world_code(enum who who)
{
    return who == WHO_E || who == WHO_E_ALSO || who == WHO_N4 ? 52 : 1;
}

static int area(enum who who)
{
    return who >= WHO_N1 && who <= WHO_N4 ? number_areas[who - WHO_N1] : HOME;
}

static int ground(int code)
{
    return code == 720 ? HOME : code;
}

enum nearness world_nearness(enum who a, enum who b)
{
    if (area(a) == area(b))
        return NEAR_AREA;
    if (ground(area(a)) == ground(area(b)))
        return NEAR_OVERLAY;
    return area(a) != 202 && area(b) != 202 ? NEAR_REGION : NEAR_COUNTRY;
}

const char *world_carrier(int carrier)
{
    static const char *const names[] = {"c1", "c2"};
    return carrier < 0 ? "stranger" : names[carrier];
}

void world_service_name(const struct world *world, int name, char ret_text[ADDRESS_TEXT])
{
    static const char *const names[] = {"", "alpha", "beta", "gamma"};
    snprintf(ret_text, ADDRESS_TEXT, "%s-%u", names[name], world->tag);
}

const char *world_session_name(int name)
{
    static const char *const names[] = {"", "red", "green", "blue"};
    return names[name];
}

int world_carriers(enum carrier_choice choice, int ret_carriers[CARRIERS])
{
    switch (choice) {
    case BY_C1:
        ret_carriers[0] = 0;
        return 1;
    case BY_C2:
        ret_carriers[0] = 1;
        return 1;
    case BY_C1_C2:
        ret_carriers[0] = 0;
        ret_carriers[1] = 1;
        return 2;
    case BY_C2_C1:
        ret_carriers[0] = 1;
        ret_carriers[1] = 0;
        return 2;
    case BY_STRANGER:
        return -1;
    default:
        return 0;
    }
}

struct op op_of(enum op_kind kind)
{
    struct op op = {.kind = kind, .ttl = -1, .can = CAN_SMS | CAN_MMS | CAN_VOICE};
    op.settings = (struct settings){.default_ttl = -1,
                                    .cool_down = -1,
                                    .late_window = -1,
                                    .max_life = -1,
                                    .grace = -1,
                                    .quarantine = -1,
                                    .idle_cap = -1,
                                    .retention = -1};
    return op;
}
