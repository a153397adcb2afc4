#include "tests/model/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everybody is at home in Denver. One number is of the code that lies over it, one of another part of the state, one of far away. */
enum { HOME = 303 };
static const int number_areas[PHONES] = {202, 720, 719};

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
    else if (who == WHO_F)
        snprintf(ret_text, ADDRESS_TEXT, "messenger:user-%04u", world->tag);
    else
        snprintf(ret_text, ADDRESS_TEXT, "+1%d%04u%03d", HOME, world->tag, (int)who);
}

void world_number(const struct world *world, int number, char ret_text[ADDRESS_TEXT])
{
    if (number == SHORT_CODE)
        snprintf(ret_text, ADDRESS_TEXT, "7%04u", world->tag);
    else if (number == SENDER)
        snprintf(ret_text, ADDRESS_TEXT, "messenger:page-%04u", world->tag);
    else if (number == PHONES - 1)
        snprintf(ret_text, ADDRESS_TEXT, "+5233%04u0004", world->tag);
    else
        snprintf(ret_text, ADDRESS_TEXT, "+1%d%04u%03d", number_areas[number], world->tag,
                 number + 1);
}

/* The addresses of the world that was asked for last, on each thread. */
struct addresses {
    bool filled;
    unsigned tag;
    char who[WHOS][ADDRESS_TEXT];
    char numbers[NUMBERS][ADDRESS_TEXT];
};

static const struct addresses *addresses_of(const struct world *world)
{
    static __thread struct addresses addresses;
    if (addresses.filled && addresses.tag == world->tag)
        return &addresses;
    for (int who = 0; who < WHOS; who++)
        world_address(world, (enum who)who, addresses.who[who]);
    for (int i = 0; i < NUMBERS; i++)
        world_number(world, i, addresses.numbers[i]);
    addresses.tag = world->tag;
    addresses.filled = true;
    return &addresses;
}

enum who world_who(const struct world *world, const char *text)
{
    const struct addresses *addresses = addresses_of(world);
    for (int who = 0; who < WHOS; who++)
        if (strcmp(addresses->who[who], text) == 0)
            return (enum who)who;
    return WHOS;
}

int world_number_of(const struct world *world, const char *text)
{
    const struct addresses *addresses = addresses_of(world);
    for (int i = 0; i < NUMBERS; i++)
        if (strcmp(addresses->numbers[i], text) == 0)
            return i;
    return -1;
}

bool world_leaks(const struct world *world, const void *bytes, size_t size, enum who but)
{
    const struct addresses *addresses = addresses_of(world);
    for (int who = 0; who < WHO_N1; who++) {
        const char *address = addresses->who[who];
        if ((but == WHOS || world_person((enum who)who) != world_person(but)) &&
            memmem(bytes, size, address + 1, strlen(address) - 1))
            return true;
    }
    return false;
}

enum kind_of_number world_kind(int number)
{
    return number == SHORT_CODE ? KIND_SHORT : number == SENDER ? KIND_CHANNEL : KIND_PHONE;
}

/* ---- texts ---- */

static const char *const words[] = {"STOP", "START", "UNSTOP",  "HELP",
                                    "PARE", "VALE",  "STOP it", " stop"};

void world_text(int message, char ret_text[ADDRESS_TEXT])
{
    ret_text[0] = 0;
    if (message > 0)
        snprintf(ret_text, ADDRESS_TEXT, "m%d", message);
    else if (message < 0 && message >= WORD_LAST)
        snprintf(ret_text, ADDRESS_TEXT, "%s", words[-message - 1]);
    else if (message < TEXT_NOTICE && message > TEXT_DEFAULT)
        snprintf(ret_text, ADDRESS_TEXT, "n%d", TEXT_NOTICE - message);
}

int world_text_read(const char *text)
{
    if (!*text)
        return 0;
    for (int i = 0; i < -WORD_LAST; i++)
        if (strcmp(words[i], text) == 0)
            return -1 - i;
    if (*text != 'm' && *text != 'n')
        return strlen(text) > ADDRESS_TEXT ? TEXT_DEFAULT : TEXT_STRANGE;
    int number = (int)strtol(text + 1, NULL, 10);
    char again[ADDRESS_TEXT];
    int message = *text == 'm' ? number : TEXT_NOTICE - number;
    if (number < 1 || (*text == 'n' && number >= OCCASIONS))
        return TEXT_STRANGE;
    world_text(message, again);
    return strcmp(again, text) == 0 ? message : TEXT_STRANGE;
}

/* ---- people ---- */

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
    struct op op = {.kind = kind,
                    .ttl = -1,
                    .can = CAN_SMS | CAN_MMS | CAN_VOICE,
                    .sender = -1,
                    .life = -1,
                    .to = WHOS};
#define X(name) op.settings.name = -1;
    WORLD_SETTINGS(X)
#undef X
    return op;
}

struct op op_entry(const struct op *op, int index)
{
    struct op entry = *op;
    entry.batch_count = 0;
    if (op->kind == OP_NUMBERS_ADD) {
        entry.kind = OP_NUMBER_ADD;
        entry.number = op->batch[index];
        return entry;
    }
    entry.kind = OP_SESSION_CREATE;
    entry.label = op->label + index;
    entry.people_count = 2;
    entry.people[0] = op->people[2 * index];
    entry.people[1] = op->people[2 * index + 1];
    return entry;
}
