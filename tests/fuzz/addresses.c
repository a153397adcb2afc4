/*
 * Addresses, names and texts: what is an address has one canonical form, the same however it is written; what is taken strictly is taken
 * leniently, too; keys that are made of them fit.
 *
 * Input: lines: an address, a proxy identifier, a name; then bytes that may be UTF-8.
 */
#include "proto/c/address.h"
#include "proto/c/utf8.h"
#include "server/masking/rows/forms.h"
#include "storage/keys.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"

#include <ctype.h>
#include <string.h>

static const uint8_t hash_key[STORE_KEY_BYTES] = "a key that nobody outside knows";

static void check_form(const struct address *address)
{
    size_t length = strlen(address->text);
    must(address->text[0] == '+' && length >= 9 && length <= 16 && address->text[1] != '0',
         "'%s' is no E.164", address->text);
    for (size_t i = 1; i < length; i++)
        must(isdigit((unsigned char)address->text[i]), "'%s' is no E.164", address->text);
}

static void check_address(const char *text)
{
    struct address strict, lenient, again;
    bool is_strict = address_parse(text, ADDRESS_STRICT, &strict);
    bool is_lenient = address_parse(text, ADDRESS_LENIENT, &lenient);
    must(!is_strict || is_lenient, "'%s' is an address only strictly", text);
    if (!is_lenient)
        return;
    check_form(&lenient);
    must(!is_strict || (!strcmp(strict.text, text) && !strcmp(lenient.text, text)),
         "'%s' became '%s' and '%s'", text, strict.text, lenient.text);
    must(address_parse(lenient.text, ADDRESS_STRICT, &again) && !strcmp(again.text, lenient.text),
         "'%s' does not stay as it is", lenient.text);
    struct address canonical = address_canonical(&lenient);
    check_form(&canonical);
    again = address_canonical(&canonical);
    must(!strcmp(canonical.text, again.text), "'%s' has the canonical form '%s', which has '%s'",
         lenient.text, canonical.text, again.text);
    must(address_same(&lenient, &canonical), "an address is its canonical form");
    const char *country = address_country(&lenient);
    must(!strcmp(country, address_country(&canonical)), "the country of '%s' is %s or %s",
         lenient.text, country, address_country(&canonical));
    must(strlen(country) == 0 || strlen(country) == 2, "country '%s'", country);
}

/* Proxy identifiers are also short codes, and whatever a client names. */
static void check_proxy(const char *text)
{
    struct address form = proxy_form(text), again = proxy_form(form.text);
    must(strlen(form.text) < ADDRESS_SIZE, "it has an end");
    must(!strcmp(form.text, again.text), "'%s' has the form '%s', which has '%s'", text, form.text,
         again.text);
    const uint8_t pool[16] = {1};
    struct person person = person_of(hash_key, form.text);
    struct key route = key_route(TENANT_DEFAULT, pool, &person, form.text);
    struct key all = key_routes(TENANT_DEFAULT, pool, &person);
    must(route.size <= KEY_SIZE && all.size < route.size + 1 &&
             !memcmp(route.data, all.data, all.size),
         "a route lies among its person's");
    struct bytes proxy;
    if (*form.text)
        must(key_route_proxy(key_bytes(&route), &proxy) && proxy.size == strlen(form.text) &&
                 !memcmp(proxy.data, form.text, proxy.size),
             "a route's key tells its proxy identifier");
}

static void check_name(const char *name)
{
    struct error error;
    error_clear(&error);
    form_name(&error, "unique_name", name);
    bool text = utf8_valid((const uint8_t *)name, strlen(name));
    must(error.code == STATUS_OK || error.field_count > 0, "a refusal names the field");
    must(error.code != STATUS_OK || (text && utf8_length(name) <= NAME_MOST && !sid_shaped(name)),
         "'%s' is taken as a name", name);
}

static void check_utf8(char *text)
{
    size_t size = strlen(text);
    bool valid = utf8_valid((const uint8_t *)text, size);
    must(utf8_length(text) <= size, "no character is less than a byte");
    for (size_t most = 0; most <= size && most < 20; most++) {
        size_t prefix = utf8_prefix(text, most);
        must(prefix <= most && most - prefix < 4, "%zu of %zu bytes", prefix, most);
        must(!valid || utf8_valid((const uint8_t *)text, prefix), "cut inside a character");
    }
    char *copy = strdup(text);
    if (!copy)
        abort();
    size_t length = utf8_length(text);
    utf8_repair(text);
    must(strlen(text) == size && utf8_valid((const uint8_t *)text, size), "repaired, it is a text");
    must(!valid || !strcmp(copy, text), "what is whole is not repaired");
    must(utf8_length(text) == length, "a bad byte counted as one character");
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    char *address = feed_line(&feed), *proxy = feed_line(&feed), *name = feed_line(&feed),
         *text = feed_text(&feed);
    check_address(address);
    check_proxy(proxy);
    check_name(name);
    check_utf8(text);
    free(address);
    free(proxy);
    free(name);
    free(text);
    return 0;
}
