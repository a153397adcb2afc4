#include "server/masking/bars/bars.h"
#include "server/masking/derive/derive.h"
#include "server/masking/rows/forms.h"

static bool opt_out_key(struct deriving *d, const Maskline__Store__V1__OptOut *opt_out,
                        struct key *ret_key)
{
    struct person person;
    if (!derive_person(&opt_out->person, &person))
        return false;
    struct address form = proxy_form(opt_out->proxy_identifier);
    *ret_key = key_opt_out(d->tenant, d->service, &person, form.text);
    return true;
}

/* With the entry: a start must not write to somebody who opted out just before. */
static bool add(struct deriving *d, const Maskline__Store__V1__OptOut *opt_out)
{
    struct key key;
    if (!opt_out_key(d, opt_out, &key))
        return false;
    bars_put(d->masking->bars, BAR_OPT_OUT, d->service);
    return derive_record(d, KV_LIVE, &key, &opt_out->base, 0, ROW_WITH_ENTRY);
}

static bool take_back(struct deriving *d, const Maskline__Store__V1__OptOut *opt_out)
{
    struct key key;
    return opt_out_key(d, opt_out, &key) &&
           derive_delete(d->derivation, KV_LIVE, key_bytes(&key), ROW_WITH_ENTRY);
}

static bool keyword(struct deriving *d, const Maskline__Store__V1__KeywordReceived *received)
{
    if (received->added && !add(d, received->added))
        return false;
    for (size_t i = 0; i < received->n_removed; i++)
        if (!take_back(d, received->removed[i]))
            return false;
    Maskline__Store__V1__Dedupe dedupe = MASKLINE__STORE__V1__DEDUPE__INIT;
    dedupe.content_hash = received->content_hash;
    return derive_notice(d, received->notice) && derive_dedupe(d, &received->dedupe_key, &dedupe);
}

static bool block_key(struct deriving *d, const Maskline__Store__V1__Block *block,
                      struct key *ret_key)
{
    struct person person, to;
    if (!derive_person(&block->person, &person) ||
        (block->to_person.len && !derive_person(&block->to_person, &to)))
        return false;
    *ret_key = key_block(d->tenant, d->service, &person, block->to_person.len ? &to : NULL);
    return true;
}

static bool block(struct deriving *d, const Maskline__Store__V1__Block *added)
{
    struct key key;
    if (!block_key(d, added, &key))
        return false;
    bars_put(d->masking->bars, BAR_BLOCK, d->service);
    return derive_record(d, KV_LIVE, &key, &added->base, 0, ROW_WITH_ENTRY);
}

static bool unblock(struct deriving *d, const Maskline__Store__V1__Block *removed)
{
    struct key key;
    return block_key(d, removed, &key) &&
           derive_delete(d->derivation, KV_LIVE, key_bytes(&key), ROW_WITH_ENTRY);
}

bool derive_bars(struct deriving *d)
{
    switch (d->entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_KEYWORD_RECEIVED:
        return keyword(d, d->entry->keyword_received);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_ADDED:
        return add(d, d->entry->opt_out_added->opt_out);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_ADDED:
        return block(d, d->entry->block_added->block);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_REMOVED:
        return unblock(d, d->entry->block_removed->block);
    default:
        return take_back(d, d->entry->opt_out_removed->opt_out);
    }
}
