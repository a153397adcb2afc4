/*
 * What clients and carriers hand back: page tokens, outbound keys, SIDs. Made-up ones are found out, real ones come back as they were, and
 * each thing has one spelling only.
 *
 * Input: lines: the list's name, a text that pretends to be a token, a key and a SID; then bytes to make real ones of.
 */
#include "proto/c/sid.h"
#include "server/masking/masking.h"
#include "server/masking/outbox/outbound_key.h"
#include "server/masking/rows/rows.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"

#include <string.h>

static const uint8_t hash_key[STORE_KEY_BYTES] = "a key that nobody outside knows";

static void check_made_up_token(const char *list, const char *text)
{
    struct key key;
    struct error error;
    char again[PAGE_TOKEN_SIZE];
    if (!page_token_read(text, hash_key, list, &key, &error)) {
        must(error.code == STATUS_INVALID_ARGUMENT && error.field_count == 1, "it says the field");
        return;
    }
    must(key.size > 0 && key.size <= KEY_SIZE, "%zu bytes", key.size);
    must(page_token_write(&key, hash_key, list, again) && !strcmp(again, text),
         "%s is another spelling of %s", text, again);
}

static void check_real_token(const char *list, const uint8_t *bytes, size_t size)
{
    struct key key = {.size = size < KEY_SIZE ? size : KEY_SIZE}, read;
    char token[PAGE_TOKEN_SIZE];
    struct error error;
    if (key.size == 0)
        return;
    memcpy(key.data, bytes, key.size);
    if (!page_token_write(&key, hash_key, list, token)) {
        must(key.size > 80, "the longest keys that lists have fit in a token; these are %zu bytes",
             key.size);
        return;
    }
    must(strlen(token) < sizeof token, "it has an end");
    must(page_token_read(token, hash_key, list, &read, &error), "a real token: %s", token);
    must(read.size == key.size && !memcmp(read.data, key.data, key.size), "it means the same key");
    must(!page_token_read(token, hash_key, *list == 'x' ? "y" : "x", &read, &error),
         "it is of one list only");
    size_t place = size % strlen(token);
    token[place] = token[place] == 'A' ? 'B' : 'A';
    must(!page_token_read(token, hash_key, list, &read, &error), "a changed token is found out");
}

static void check_made_up_key(const char *text)
{
    struct leg_id id;
    char again[OUTBOUND_KEY_SIZE];
    bool read = outbound_key_read(text, &id), given = outbound_key_given(text, hash_key, "one");
    must(read || !given, "what was given can be read");
    if (!read)
        return;
    must(id.leg <= UINT16_MAX, "leg %u", (unsigned)id.leg);
    outbound_key_write(&id, hash_key, "one", again);
    must(!given || !strcmp(again, text), "%s is another spelling of %s", text, again);
    must(given || strcmp(again, text) != 0, "a right proof was not seen");
}

static void check_real_key(const uint8_t *bytes, size_t size)
{
    struct leg_id id = {.leg = (uint32_t)(size * 977 % 65536)}, read;
    char key[OUTBOUND_KEY_SIZE];
    memcpy(id.log.bytes, bytes, size < sizeof id.log ? size : sizeof id.log);
    if (size > sizeof id.log)
        memcpy(id.session, bytes + sizeof id.log,
               size - sizeof id.log < 16 ? size - sizeof id.log : 16);
    outbound_key_write(&id, hash_key, "one", key);
    must(outbound_key_given(key, hash_key, "one"), "a real key: %s", key);
    must(!outbound_key_given(key, hash_key, "two"), "it was given to one carrier only");
    must(outbound_key_read(key, &read) && read.leg == id.leg &&
             !memcmp(&read.log, &id.log, sizeof id.log) && !memcmp(read.session, id.session, 16) &&
             !memcmp(read.interaction, id.interaction, 16),
         "it points to the same leg");
    key[size % strlen(key)] ^= 1;
    must(!outbound_key_given(key, hash_key, "one"), "a changed key is found out: %s", key);
}

static void check_sid(const char *text)
{
    static const char *const kinds[] = {"KS", "KC", "KP", "KI", "PN", "SC"};
    uint8_t sid[SID_BYTES];
    unsigned fits = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!sid_parse(kinds[i], text, sid))
            continue;
        fits++;
        must(!strcmp(sid_format(kinds[i], sid).text, text), "a SID has one spelling: %s", text);
    }
    must(fits <= 1 && sid_like(text) == (fits == 1), "%s is of %u kinds", text, fits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    char *list = feed_line(&feed), *token = feed_line(&feed), *key = feed_line(&feed),
         *sid = feed_line(&feed);
    check_made_up_token(list, token);
    check_made_up_key(key);
    check_sid(sid);
    size_t count;
    uint8_t *bytes = feed_rest(&feed, &count);
    check_real_token(list, bytes, count);
    check_real_key(bytes, count);
    free(list);
    free(token);
    free(key);
    free(sid);
    free(bytes);
    return 0;
}
