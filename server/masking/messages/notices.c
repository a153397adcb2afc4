#include "server/masking/messages/notices.h"

#include "proto/c/fault.h"
#include "server/masking/bars/bars.h"
#include "server/masking/errors.h"
#include "server/masking/messages/keywords.h"
#include "server/masking/messages/legs.h"
#include "server/masking/rows/forms.h"

#include <string.h>
#include <strings.h>

#define ACTION(name) MASKLINE__STORE__V1__KEYWORD_ACTION__KEYWORD_ACTION_##name

/* A sentence, and another one for when there is a word that does the opposite. */
static const struct standard {
    Maskline__Store__V1__NoticeOccasion occasion;
    const char *language;
    const char *text;
    Maskline__Store__V1__KeywordAction opposite;
    const char *before, *after; /* the word */
} STANDARD[] = {
    {NOTICE(OPT_OUT), "en", "You will get no more messages from us.", ACTION(OPT_IN),
     " To get them again, reply ", "."},
    {NOTICE(OPT_IN), "en", "You will get messages from us again.", ACTION(OPT_OUT),
     " To stop them, reply ", "."},
    {NOTICE(HELP), "en", "This number connects you with the person you are in touch with.",
     ACTION(OPT_OUT), " To get no more messages, reply ", "."},
    {NOTICE(OPT_OUT), "fr", "Vous ne recevrez plus de messages de notre part.", ACTION(OPT_IN),
     " Pour en recevoir à nouveau, répondez ", "."},
    {NOTICE(OPT_IN), "fr", "Vous recevrez de nouveau nos messages.", ACTION(OPT_OUT),
     " Pour les arrêter, répondez ", "."},
    {NOTICE(HELP), "fr", "Ce numéro vous met en relation avec votre interlocuteur.",
     ACTION(OPT_OUT), " Pour ne plus recevoir de messages, répondez ", "."},
    {NOTICE(OPT_OUT), "es", "No recibirá más mensajes nuestros.", ACTION(OPT_IN),
     " Para volver a recibirlos, responda ", "."},
    {NOTICE(OPT_IN), "es", "Volverá a recibir nuestros mensajes.", ACTION(OPT_OUT),
     " Para dejar de recibirlos, responda ", "."},
    {NOTICE(HELP), "es", "Este número le pone en contacto con la persona con la que trata.",
     ACTION(OPT_OUT), " Para no recibir más mensajes, responda ", "."},
    {NOTICE(OPT_OUT), "de", "Sie erhalten keine Nachrichten mehr von uns.", ACTION(OPT_IN),
     " Um sie wieder zu erhalten, antworten Sie ", "."},
    {NOTICE(OPT_IN), "de", "Sie erhalten wieder Nachrichten von uns.", ACTION(OPT_OUT),
     " Um sie abzustellen, antworten Sie ", "."},
    {NOTICE(HELP), "de", "Diese Nummer verbindet Sie mit Ihrem Gegenüber.", ACTION(OPT_OUT),
     " Um keine Nachrichten mehr zu erhalten, antworten Sie ", "."},
};

bool notice_unasked(Maskline__Store__V1__NoticeOccasion occasion)
{
    return occasion >= NOTICE(MODE_REFUSED);
}

/* "fr" of "fr" and of "fr-CA". */
static bool same_language(const char *one, const char *other)
{
    size_t size = strcspn(one, "-_");
    return size == strcspn(other, "-_") && !strncasecmp(one, other, size);
}

static const Maskline__Store__V1__Notice *find_own(const Maskline__Store__V1__Settings *settings,
                                                   Maskline__Store__V1__NoticeOccasion occasion,
                                                   const char *language)
{
    const Maskline__Store__V1__Notice *near = NULL, *any = NULL, *first = NULL;
    for (size_t i = 0; i < settings->n_notices; i++) {
        const Maskline__Store__V1__Notice *notice = settings->notices[i];
        if (notice->occasion != occasion)
            continue;
        if (!strcasecmp(notice->language, language))
            return notice;
        if (!near && *notice->language && same_language(notice->language, language))
            near = notice;
        if (!*notice->language)
            any = notice;
        if (!first)
            first = notice;
    }
    return near ? near : any ? any : first;
}

static const struct standard *find_standard(Maskline__Store__V1__NoticeOccasion occasion,
                                            const char *language)
{
    const struct standard *english = NULL;
    for (size_t i = 0; i < sizeof STANDARD / sizeof *STANDARD; i++) {
        if (STANDARD[i].occasion != occasion)
            continue;
        if (same_language(STANDARD[i].language, language) && !MUTANT("notices_are_in_english"))
            return &STANDARD[i];
        if (!english)
            english = &STANDARD[i];
    }
    return english;
}

/* Two pieces of text and a word between them. */
static bool write_standard(struct arena *arena, const struct standard *standard, const char *word,
                           const char **ret_text)
{
    *ret_text = word ? arena_printf(arena, "%s%s%s%s", standard->text, standard->before, word,
                                    standard->after)
                     : standard->text;
    return *ret_text;
}

bool notice_text(struct arena *arena, const Maskline__Store__V1__Settings *settings,
                 Maskline__Store__V1__NoticeOccasion occasion, const char *language,
                 const char **ret_text)
{
    *ret_text = NULL;
    const Maskline__Store__V1__Notice *own = find_own(settings, occasion, language);
    if (own) {
        if (*own->text)
            *ret_text = own->text;
        return true;
    }
    const struct standard *standard = find_standard(occasion, language);
    return !standard ||
           write_standard(arena, standard, keyword_for(settings, standard->opposite, language),
                          ret_text);
}

bool is_notice_session(const ProtobufCBinaryData *session)
{
    static const sid_bytes none;
    return session->len == SID_BYTES && !memcmp(session->data, none, SID_BYTES);
}

struct key notice_told_key(uint32_t tenant, const uint8_t *service, const uint8_t *hash_key,
                           const Maskline__Store__V1__NoticeAddress *address)
{
    struct address proxy = proxy_form(address->proxy_identifier);
    uint8_t occasion = (uint8_t)address->occasion;
    const struct bytes pieces[] = {{"told", 4},
                                   {address->person.data, address->person.len},
                                   {proxy.text, strlen(proxy.text)},
                                   {&occasion, 1}};
    uint8_t hash[HASH_SIZE];
    key_hash(hash_key, pieces, 4, hash);
    return key_told(tenant, service, hash);
}

/* Who asks over and over again is no person. */
static bool was_asked_often(struct inbound *in, struct rows *rows, struct bytes row,
                            bool *ret_often)
{
    const Maskline__Store__V1__CapCount *told =
        rows_record(rows, &maskline__store__v1__cap_count__descriptor, row, &in->error);
    if (!told)
        return false;
    *ret_often = told->count >= NOTICE_ASKED_MOST && rows->now - told->since_time < NOTICE_QUIET &&
                 !MUTANT("help_has_no_end");
    return true;
}

/* What was not asked for is told once in a while, and not to those who want no messages; what was asked for a few times. */
static bool is_unwanted(struct inbound *in, struct rows *rows,
                        const Maskline__Store__V1__Service *service,
                        const Maskline__Store__V1__NoticeAddress *address, bool *ret_unwanted)
{
    *ret_unwanted = false;
    struct key key = notice_told_key(rows->tenant, service->sid.data, rows->hash_key, address);
    struct kv_value value;
    enum kv_found found = rows_get(rows, KV_LIVE, &key, &value, &in->error);
    if (!notice_unasked(address->occasion) && found == KV_FOUND)
        return was_asked_often(in, rows, value.bytes, ret_unwanted);
    if (!notice_unasked(address->occasion) || MUTANT("notices_have_no_end"))
        return found != KV_FAILED;
    if (found == KV_ABSENT)
        found = bars_opted_out(in->masking->bars, rows, service->pool.data, &in->sender, 1,
                               in->to.text, &in->error);
    *ret_unwanted = found == KV_FOUND;
    return found != KV_FAILED;
}

static Maskline__Store__V1__Interaction *make(struct inbound *in, struct rows *rows,
                                              const Maskline__Store__V1__Service *service,
                                              Maskline__Store__V1__NoticeAddress *address,
                                              const char *text)
{
    struct arena *arena = rows->arena;
    Maskline__Store__V1__Interaction *made = arena_alloc(arena, sizeof *made);
    Maskline__Store__V1__Content *content = arena_alloc(arena, sizeof *content);
    Maskline__Store__V1__Leg *leg = arena_alloc(arena, sizeof *leg);
    uint8_t *sid = arena_alloc(arena, SID_BYTES);
    uint8_t *none = arena_alloc(arena, SID_BYTES);
    Maskline__Store__V1__Leg **legs = arena_array(arena, 1, sizeof *legs);
    if (!made || !content || !leg || !sid || !none || !legs)
        return NULL;
    txn_mint(rows->txn, sid);
    memset(none, 0, SID_BYTES);
    maskline__store__v1__content__init(content);
    content->body = borrowed(text);
    maskline__store__v1__leg__init(leg);
    leg->participant = (ProtobufCBinaryData){SID_BYTES, in->sender.bytes + 1};
    leg->status = MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_QUEUED;
    leg->update_time = leg->due_time = rows->now;
    legs[0] = leg;
    maskline__store__v1__interaction__init(made);
    made->sid = (ProtobufCBinaryData){SID_BYTES, sid};
    made->session = (ProtobufCBinaryData){SID_BYTES, none};
    made->type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE;
    made->content = content;
    made->outbound = legs;
    made->n_outbound = 1;
    made->create_time = made->update_time = rows->now;
    made->expire_time = rows->now + service->settings->max_message_life;
    made->notice = address;
    return made;
}

bool notice_make(struct inbound *in, struct rows *rows, const Maskline__Store__V1__Service *service,
                 Maskline__Store__V1__NoticeOccasion occasion, const char *language,
                 Maskline__Store__V1__Interaction **ret_notice)
{
    *ret_notice = NULL;
    /* One text is answered once. */
    if (!occasion || !in->from_known || in->notice)
        return true;
    const char *text;
    if (!notice_text(rows->arena, service->settings, occasion, language, &text))
        return refuse(&in->error, REFUSED_NO_MEMORY);
    if (!text)
        return true;
    Maskline__Store__V1__NoticeAddress *address = arena_alloc(rows->arena, sizeof *address);
    if (!address)
        return refuse(&in->error, REFUSED_NO_MEMORY);
    maskline__store__v1__notice_address__init(address);
    address->occasion = occasion;
    address->identifier = borrowed(in->from_text);
    address->person = (ProtobufCBinaryData){PERSON_SIZE, in->sender.bytes};
    address->proxy_identifier = borrowed(in->to_text);
    address->carrier = borrowed(in->message->carrier);
    bool unwanted;
    if (!is_unwanted(in, rows, service, address, &unwanted))
        return false;
    if (unwanted)
        return true;
    in->notice = make(in, rows, service, address, text);
    *ret_notice = in->notice;
    return in->notice || refuse(&in->error, REFUSED_NO_MEMORY);
}
