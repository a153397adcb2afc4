/* Operations on opt-outs, blocks, what was said, and rates; and what lists show of the first two. */
#include "tests/model/subject_internal.h"

#include "server/masking/bars/blocks.h"
#include "server/masking/bars/opt_outs.h"
#include "server/masking/messages/interactions.h"
#include "server/masking/services/rates.h"

#include <stdio.h>
#include <string.h>

static void answered(struct doing *doing, const struct error *error)
{
    if (error)
        convert_error(&doing->subject->world, error, doing->answer);
    else
        doing->answer->ok = true;
    subject_answered(doing->subject);
}

static void opt_out_answered(void *data, const Maskline__Store__V1__Service *service,
                             const Maskline__Store__V1__OptOut *opt_out, const struct error *error)
{
    (void)service;
    (void)opt_out;
    answered(data, error);
}

void subject_do_opt_out(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    char identifier[ADDRESS_TEXT];
    char number[ADDRESS_TEXT] = "";
    world_address(&subject->world, op->from, identifier);
    if (op->number >= 0)
        world_number(&subject->world, op->number, number);
    const struct opt_out_name name = {.service = subject_service_name(subject, op->service),
                                      .identifier = identifier,
                                      .proxy_identifier = number};
    subject_expect(subject);
    if (op->kind == OP_OPT_OUT_CREATE)
        opt_outs_create(subject->masking, &name, opt_out_answered, doing);
    else
        opt_outs_delete(subject->masking, &name, opt_out_answered, doing);
    subject_wait(subject);
}

static void block_answered(void *data, const Maskline__Store__V1__Block *block,
                           const struct error *error)
{
    (void)block;
    answered(data, error);
}

void subject_do_block(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    char identifier[ADDRESS_TEXT];
    char to[ADDRESS_TEXT] = "";
    world_address(&subject->world, op->from, identifier);
    if (op->to != WHOS)
        world_address(&subject->world, op->to, to);
    const struct block_name name = {.service = subject_service_name(subject, op->service),
                                    .identifier = identifier,
                                    .to_identifier = to};
    subject_expect(subject);
    if (op->kind == OP_BLOCK_CREATE)
        blocks_create(subject->masking, &name, block_answered, doing);
    else
        blocks_delete(subject->masking, &name, block_answered, doing);
    subject_wait(subject);
}

static void redact_answered(void *data, const Maskline__Store__V1__Service *service,
                            const Maskline__Store__V1__Interaction *interaction,
                            const struct error *error)
{
    struct doing *doing = data;
    (void)service;
    if (!error)
        doing->answer->interaction = convert_interaction(interaction);
    answered(doing, error);
}

void subject_do_redact(struct doing *doing)
{
    static const char never[] = "KI0123456789abcdef0123456789abcdef";
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    const char *said = op->message > 0 ? subject->said[op->message] : "";
    const struct interaction_name name = {.service = subject_service_name(subject, op->service),
                                          .session = subject_session_name(subject, op->session),
                                          .interaction = *said ? said : never};
    subject_expect(subject);
    if (op->kind == OP_REDACT)
        interactions_redact(subject->masking, &name, redact_answered, doing);
    else
        interactions_delete(subject->masking, &name, redact_answered, doing);
    subject_wait(subject);
}

void subject_do_rate(struct doing *doing)
{
    static const char *const methods[] = {"/model.v1.Some/Method", "/model.v1.Some/Other"};
    struct subject *subject = doing->subject;
    struct error error;
    doing->answer->ok = true;
    for (int i = 0; i < doing->op->batch_count; i++) {
        error_clear(&error);
        bool passes =
            rates_take(subject->masking, subject_service_name(subject, doing->op->service),
                       methods[doing->op->method], &error);
        doing->answer->passed += passes;
        if (!passes)
            convert_error(&subject->world, &error, doing->answer);
    }
}

/* ---- lists ---- */

static const struct page ALL = {.size = 1000, .token = ""};

int subject_opt_outs(struct subject *subject, int service, const struct plain_bar **ret_bars,
                     const char **ret_wrong)
{
    arena_reset(subject->arena);
    struct view *view = view_open(subject->store);
    struct opt_out_list list;
    struct error error;
    bool ok = opt_outs_list(view, subject->store, subject->services[service].sid, "", &ALL,
                            subject->arena, &list, &error);
    int count = 0;
    for (size_t i = 0; ok && i < list.count && count < READ_MOST; i++)
        subject->read_bars[count++] = convert_opt_out(&subject->world, list.opt_outs[i]);
    *ret_bars = subject->read_bars;
    return subject_read_ended(subject, view, ok, &error, count, ret_wrong);
}

int subject_blocks(struct subject *subject, int service, const struct plain_bar **ret_bars,
                   const char **ret_wrong)
{
    arena_reset(subject->arena);
    struct view *view = view_open(subject->store);
    struct block_list list;
    struct error error;
    bool ok = blocks_list(view, subject->store, subject->services[service].sid, "", &ALL,
                          subject->arena, &list, &error);
    int count = 0;
    for (size_t i = 0; ok && i < list.count && count < READ_MOST; i++)
        subject->read_bars[count++] = convert_block(&subject->world, list.blocks[i]);
    *ret_bars = subject->read_bars;
    return subject_read_ended(subject, view, ok, &error, count, ret_wrong);
}
