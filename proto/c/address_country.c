/*
 * Countries by calling code, and by what follows it where countries share one.
 *
 * Told apart: +1 by its area codes (address_area.c), +7, +44 (but for mobile blocks that are split), +39, +47, +61, +262, +358, +599, +672.
 * Not told, on purpose: area codes of no place, the rest of what is shared, and codes of no country (satellites, freephone). XK is not in ISO 3166, but what everybody writes.
 */
#include "proto/c/address.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 7 };

struct code {
    char digits[LONGEST + 1];
    char country[3];
};

/* Sorted as text. The longest entry that a number begins with counts. */
static const struct code CODES[] = {
    {"20", "EG"},     {"211", "SS"},    {"212", "MA"},    {"2125288", "EH"}, {"2125289", "EH"},
    {"213", "DZ"},    {"216", "TN"},    {"218", "LY"},    {"220", "GM"},     {"221", "SN"},
    {"222", "MR"},    {"223", "ML"},    {"224", "GN"},    {"225", "CI"},     {"226", "BF"},
    {"227", "NE"},    {"228", "TG"},    {"229", "BJ"},    {"230", "MU"},     {"231", "LR"},
    {"232", "SL"},    {"233", "GH"},    {"234", "NG"},    {"235", "TD"},     {"236", "CF"},
    {"237", "CM"},    {"238", "CV"},    {"239", "ST"},    {"240", "GQ"},     {"241", "GA"},
    {"242", "CG"},    {"243", "CD"},    {"244", "AO"},    {"245", "GW"},     {"246", "IO"},
    {"247", "SH"},    {"248", "SC"},    {"249", "SD"},    {"250", "RW"},     {"251", "ET"},
    {"252", "SO"},    {"253", "DJ"},    {"254", "KE"},    {"255", "TZ"},     {"256", "UG"},
    {"257", "BI"},    {"258", "MZ"},    {"260", "ZM"},    {"261", "MG"},     {"262262", "RE"},
    {"262269", "YT"}, {"262639", "YT"}, {"262692", "RE"}, {"262693", "RE"},  {"263", "ZW"},
    {"264", "NA"},    {"265", "MW"},    {"266", "LS"},    {"267", "BW"},     {"268", "SZ"},
    {"269", "KM"},    {"27", "ZA"},     {"290", "SH"},    {"291", "ER"},     {"297", "AW"},
    {"298", "FO"},    {"299", "GL"},    {"30", "GR"},     {"31", "NL"},      {"32", "BE"},
    {"33", "FR"},     {"34", "ES"},     {"350", "GI"},    {"351", "PT"},     {"352", "LU"},
    {"353", "IE"},    {"354", "IS"},    {"355", "AL"},    {"356", "MT"},     {"357", "CY"},
    {"358", "FI"},    {"35818", "AX"},  {"359", "BG"},    {"36", "HU"},      {"370", "LT"},
    {"371", "LV"},    {"372", "EE"},    {"373", "MD"},    {"374", "AM"},     {"375", "BY"},
    {"376", "AD"},    {"377", "MC"},    {"378", "SM"},    {"379", "VA"},     {"380", "UA"},
    {"381", "RS"},    {"382", "ME"},    {"383", "XK"},    {"385", "HR"},     {"386", "SI"},
    {"387", "BA"},    {"389", "MK"},    {"39", "IT"},     {"3906698", "VA"}, {"40", "RO"},
    {"41", "CH"},     {"420", "CZ"},    {"421", "SK"},    {"423", "LI"},     {"43", "AT"},
    {"44", "GB"},     {"441481", "GG"}, {"441534", "JE"}, {"441624", "IM"},  {"447509", ""},
    {"447524", ""},   {"447624", "IM"}, {"447700", ""},   {"447781", "GG"},  {"447797", "JE"},
    {"447829", ""},   {"447839", ""},   {"447911", ""},   {"447924", ""},    {"447937", ""},
    {"45", "DK"},     {"46", "SE"},     {"47", "NO"},     {"4779", "SJ"},    {"48", "PL"},
    {"49", "DE"},     {"500", "FK"},    {"501", "BZ"},    {"502", "GT"},     {"503", "SV"},
    {"504", "HN"},    {"505", "NI"},    {"506", "CR"},    {"507", "PA"},     {"508", "PM"},
    {"509", "HT"},    {"51", "PE"},     {"52", "MX"},     {"53", "CU"},      {"54", "AR"},
    {"55", "BR"},     {"56", "CL"},     {"57", "CO"},     {"58", "VE"},      {"591", "BO"},
    {"592", "GY"},    {"593", "EC"},    {"594", "GF"},    {"595", "PY"},     {"596", "MQ"},
    {"597", "SR"},    {"598", "UY"},    {"5993", "BQ"},   {"5994", "BQ"},    {"5997", "BQ"},
    {"5999", "CW"},   {"60", "MY"},     {"61", "AU"},     {"6189162", "CC"}, {"6189164", "CX"},
    {"62", "ID"},     {"63", "PH"},     {"64", "NZ"},     {"65", "SG"},      {"66", "TH"},
    {"670", "TL"},    {"6721", "AQ"},   {"6723", "NF"},   {"673", "BN"},     {"674", "NR"},
    {"675", "PG"},    {"676", "TO"},    {"677", "SB"},    {"678", "VU"},     {"679", "FJ"},
    {"680", "PW"},    {"681", "WF"},    {"682", "CK"},    {"683", "NU"},     {"685", "WS"},
    {"686", "KI"},    {"687", "NC"},    {"688", "TV"},    {"689", "PF"},     {"690", "TK"},
    {"691", "FM"},    {"692", "MH"},    {"73", "RU"},     {"74", "RU"},      {"76", "KZ"},
    {"77", "KZ"},     {"78", "RU"},     {"79", "RU"},     {"81", "JP"},      {"82", "KR"},
    {"84", "VN"},     {"850", "KP"},    {"852", "HK"},    {"853", "MO"},     {"855", "KH"},
    {"856", "LA"},    {"86", "CN"},     {"880", "BD"},    {"886", "TW"},     {"90", "TR"},
    {"91", "IN"},     {"92", "PK"},     {"93", "AF"},     {"94", "LK"},      {"95", "MM"},
    {"960", "MV"},    {"961", "LB"},    {"962", "JO"},    {"963", "SY"},     {"964", "IQ"},
    {"965", "KW"},    {"966", "SA"},    {"967", "YE"},    {"968", "OM"},     {"970", "PS"},
    {"971", "AE"},    {"972", "IL"},    {"973", "BH"},    {"974", "QA"},     {"975", "BT"},
    {"976", "MN"},    {"977", "NP"},    {"98", "IR"},     {"992", "TJ"},     {"993", "TM"},
    {"994", "AZ"},    {"995", "GE"},    {"996", "KG"},    {"998", "UZ"},
};

static int compare(const void *digits, const void *code)
{
    return strcmp(digits, ((const struct code *)code)->digits);
}

/* The islands' areas have a country for a region. */
static const char *american(const struct area *area)
{
    if (!area)
        return "";
    return area->region[2] != '-' ? area->region : area->region[0] == 'U' ? "US" : "CA";
}

const char *address_country(const struct address *address)
{
    if (address->text[1] == '1') {
        unsigned code;
        return american(address_area(address->text, &code));
    }
    char digits[LONGEST + 1] = "";
    memcpy(digits, address->text + 1, LONGEST);
    for (size_t length = LONGEST; length > 0; length--) {
        digits[length] = '\0';
        const struct code *code =
            bsearch(digits, CODES, sizeof(CODES) / sizeof(CODES[0]), sizeof(CODES[0]), compare);
        if (code)
            return code->country;
    }
    return "";
}

/* The shortest entry of a country: what it shares with others of its code. Those that no entry tells apart are of +1. */
static const char *calling_code_of(const char *country)
{
    const char *found = NULL;
    for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
        if (!strcmp(CODES[i].country, country) &&
            (!found || strlen(CODES[i].digits) < strlen(found)))
            found = CODES[i].digits;
    }
    if (!found && (!strcmp(country, "US") || !strcmp(country, "CA")))
        found = "1";
    return found;
}

bool address_in_country(const struct address *address, const char *country)
{
    const char *told = address_country(address);
    if (*told)
        return !strcmp(told, country);
    const char *code = calling_code_of(country);
    return code && !strncmp(address->text + 1, code, strlen(code));
}
