/*
 * Where numbers are at home, as selection sees it: from the country down to the area code.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_GEO_H
#define MASKLINE_SERVER_MASKING_NUMBERS_GEO_H

/* From wide to narrow. Those below the country exist in North America alone. */
enum scope {
    SCOPE_COUNTRY, /* numbers of one calling code */
    SCOPE_REGION,
    SCOPE_OVERLAY, /* area codes that lie over the same ground */
    SCOPE_AREA,
    SCOPES,
};

struct geo {
    char code[4];    /* the calling code */
    char country[3]; /* ISO, or empty */
    char region[6];  /* "US-NY"; empty: unknown */
    char overlay[4]; /* the lowest area code of the complex */
    char area[4];    /* empty outside North America */
};

/* Of a number in E.164; all empty when it is none. */
void geo_of(const char *number, struct geo *ret_geo);

/* What numbers of one scope have in common: the calling code, the region, the complex, the area code. Empty: there is none. */
const char *geo_place(const struct geo *geo, enum scope scope);

#endif
