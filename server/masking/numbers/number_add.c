#include "server/masking/numbers/number_add.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/numbers/number_remove.h"
#include "server/masking/outbox/ports.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/requests.h"

#include <string.h>

struct addition {
    struct number_op base;
    const struct number_draft *draft;
    struct address address;
};

static bool country_form(const char *country)
{
    if (!*country)
        return true;
    return country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' && country[1] <= 'Z' &&
           !country[2];
}

static void address_form(struct error *error, const struct number_draft *draft,
                         struct address *ret_address)
{
    static const struct {
        enum refusal refusal;
        const char *field, *why;
    } BAD[] = {
        [NUMBER_PHONE] = {REFUSED_PHONE_NUMBER, "phone_number",
                          "This is no number in E.164: + and 8 to 15 digits."},
        [NUMBER_SHORT_CODE] = {REFUSED_SHORT_CODE, "short_code", "A short code has 3 to 8 digits."},
        [NUMBER_CHANNEL] = {REFUSED_CHANNEL_ADDRESS, "address",
                            "whatsapp: and a number in E.164, or messenger: and an id; at most 255 "
                            "characters."},
    };
    const char *text = draft->phone_number;
    bool ok = draft->kind == NUMBER_PHONE ? address_parse(text, ADDRESS_STRICT, ret_address)
              : draft->kind == NUMBER_SHORT_CODE
                  ? address_short_code(text, ret_address)
                  : address_scheme(text) && proxy_parse(text, ret_address);
    if (ok)
        return;
    if (error->code == STATUS_OK)
        refuse(error, BAD[draft->kind].refusal);
    error_field(error, BAD[draft->kind].field, "%s", BAD[draft->kind].why);
}

void number_form(struct error *error, struct masking *masking, const struct number_draft *draft,
                 struct address *ret_address)
{
    if (draft->country && !country_form(draft->country))
        error_field(error, "country", "Two upper-case letters, as in ISO 3166-1 alpha-2.");
    if (draft->friendly_name)
        form_text(error, "friendly_name", draft->friendly_name, FRIENDLY_NAME_MOST);
    if (!draft->sms && !draft->mms && !draft->voice)
        error_field(error, "capabilities", "At least one of them.");
    form_carriers(error, masking, draft->carriers, draft->carrier_count);
    form_request(error, &draft->request);
    if (draft->kind == NUMBER_SHORT_CODE && (!draft->country || !*draft->country))
        error_field(error, "country", "A short code belongs to a country.");
    address_form(error, draft, ret_address);
}

static bool answer_again(struct number_op *op, const struct rows *rows, struct arena *arena,
                         uint64_t position)
{
    struct rows into = *rows;
    into.arena = arena; /* which may live longer */
    Maskline__Store__V1__Entry *entry;
    if (!request_answer(&into, op->service->sid.data, position, &entry, &op->op.error))
        return false;
    if (entry->change_case != MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_ADDED)
        return refuse(&op->op.error, REFUSED_RECORD_UNREADABLE);
    op->number = entry->number_added->number;
    return true;
}

/* A claim of a Service that is being deleted is in quarantine already, whatever its row says: the pieces will come to it. What
 * such a row lacks is filled in. */
static bool held(struct rows *rows, Maskline__Store__V1__NumberClaim *claim, bool *ret_held,
                 struct error *error)
{
    *ret_held = false;
    if (claim->state == MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_QUARANTINED)
        return true;
    Maskline__Store__V1__Service *holder;
    struct rows holders = *rows;
    if (!MUTANT("other_tenants_hold_nothing"))
        holders.tenant = claim->tenant;
    enum kv_found found = rows_service(&holders, claim->service.data, &holder, error);
    *ret_held = found == KV_FOUND &&
                holder->state == MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE;
    if (found == KV_FOUND && !*ret_held) {
        struct number_rest rest = number_rest(holder, holder->delete_time);
        claim->free_time = rest.free_time;
        claim->rest_time = rest.rest_time;
    }
    return found != KV_FAILED;
}

/* Whether this Service may have the number. */
static bool check_claim(struct number_op *op, struct rows *rows, const struct number_draft *draft,
                        const struct address *address)
{
    struct error *error = &op->op.error;
    Maskline__Store__V1__NumberClaim *claim;
    bool is_held;
    enum kv_found found = rows_claim(rows, address->text, &claim, error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    if (!held(rows, claim, &is_held, error))
        return false;
    bool ours = claim->tenant == rows->tenant;
    if (is_held && !ours)
        return refuse(error, REFUSED_NUMBER_NOT_AVAILABLE);
    bool same = memcmp(claim->service.data, op->service->sid.data, SID_BYTES) == 0;
    if (is_held && !MUTANT("number_in_two_services"))
        return refuse(error, !same                              ? REFUSED_NUMBER_IN_OTHER_SERVICE
                             : draft->kind == NUMBER_SHORT_CODE ? REFUSED_SHORT_CODE_IN_SERVICE
                                                                : REFUSED_NUMBER_IN_SERVICE);
    int64_t until = !ours ? claim->free_time : !same ? claim->rest_time : 0;
    if (until <= rows->now || MUTANT("quarantine_ignored"))
        return true;
    refuse(error, REFUSED_NUMBER_NOT_AVAILABLE);
    error_free_time(error, until, rows->now);
    return false;
}

static Maskline__Store__V1__PhoneNumber *make(struct number_op *op, struct rows *rows,
                                              struct arena *arena, const struct number_draft *draft,
                                              struct address *address)
{
    Maskline__Store__V1__PhoneNumber *number = arena_alloc(arena, sizeof *number);
    uint8_t *sid = arena_alloc(arena, SID_BYTES);
    uint8_t *service = arena_copy(arena, op->service->sid.data, SID_BYTES);
    if (!number || !sid || !service)
        return NULL;
    txn_mint(rows->txn, sid);
    maskline__store__v1__phone_number__init(number);
    number->sid = (ProtobufCBinaryData){SID_BYTES, sid};
    number->service = (ProtobufCBinaryData){SID_BYTES, service};
    /* Of an address in a channel `address` has the form that is compared. */
    number->phone_number =
        draft->kind == NUMBER_CHANNEL ? borrowed(draft->phone_number) : address->text;
    number->country = borrowed(draft->country && *draft->country ? draft->country
                               : draft->kind == NUMBER_PHONE     ? address_country(address)
                                                                 : "");
    if (draft->friendly_name)
        number->friendly_name = borrowed(draft->friendly_name);
    number->reserved = draft->reserved;
    number->short_code = draft->kind == NUMBER_SHORT_CODE;
    number->channel = draft->kind == NUMBER_CHANNEL;
    number->state = MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_ACTIVE;
    number->create_time = number->update_time = rows->now;
    if (!set_carriers(arena, op->op.masking, draft->carriers, draft->carrier_count, number))
        return NULL;
    unsigned can = draft->as_carrier ? carrier_can(op->op.masking, number) : NUMBER_CAN_ALL;
    set_capabilities(number, can & ((draft->sms ? NUMBER_CAN_TEXT : 0u) |
                                    (draft->mms ? NUMBER_CAN_MEDIA : 0u) |
                                    (draft->voice ? NUMBER_CAN_CALL : 0u)));
    return number;
}

bool number_enter(struct number_op *op, struct rows *rows, struct arena *arena,
                  const struct number_draft *draft, struct address *address)
{
    struct error *error = &op->op.error;
    bool nearly_full = false;
    uint64_t position;
    if (!request_seen(rows, op->service->sid.data, &draft->request, &position, error))
        return false;
    if (position)
        return answer_again(op, rows, arena, position);
    if (!check_claim(op, rows, draft, address) ||
        (draft->kind == NUMBER_PHONE && !number_op_room(op, rows, draft->reserved, &nearly_full)))
        return false;
    op->number = make(op, rows, arena, draft, address);
    if (!op->number)
        return refuse(error, REFUSED_NO_MEMORY);
    if (!get_capabilities(op->number)) {
        error_clear(error);
        return error_field(error, "capabilities",
                           "Its carrier can do nothing of itself: say what.");
    }
    Maskline__Store__V1__NumberAdded added = MASKLINE__STORE__V1__NUMBER_ADDED__INIT;
    added.number = op->number;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.request = request_mark(rows, &draft->request);
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_ADDED;
    entry.number_added = &added;
    return rows_append(rows, op->service->sid.data, &entry, &position, error) &&
           (!nearly_full || number_op_warn(op, rows, draft->reserved));
}

static bool add_decide(struct op *base, struct rows *rows)
{
    struct addition *addition = (struct addition *)base;
    struct number_op *op = &addition->base;
    const struct number_draft *draft = addition->draft;
    op->in_use = 0;
    if (!rows_find_active_service(rows, draft->service, &op->service, &base->error))
        return false;
    return number_enter(op, rows, rows->arena, draft, &addition->address) || base->refused;
}

void numbers_add(struct masking *masking, const struct number_draft *draft, number_done done,
                 void *data)
{
    struct addition *addition = number_op_new(masking, sizeof *addition, done, data);
    if (!addition)
        return;
    addition->draft = draft;
    addition->base.op.decide = add_decide;
    number_form(&addition->base.op.error, masking, draft, &addition->address);
    op_run(&addition->base.op);
}
