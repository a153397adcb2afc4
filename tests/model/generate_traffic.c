/* Messages, who may not be written to, carriers. */
#include "tests/model/generate_internal.h"

void make_send(struct generator *generator, struct op *op)
{
    make_participant(generator, op);
    int people = model_session_people(generator->model, op->session.label);
    if (people && g_chance(generator, 25))
        op->sender = g_below(generator, people);
    op->message = g_chance(generator, 1) ? 0 : generator->next_message++;
    op->media = g_chance(generator, 15);
    op->max_life = g_chance(generator, 20) ? SPAN(generator, 3, 10, 100) : 0;
    op->request = g_request(generator);
}

void make_inbound(struct generator *generator, struct op *op)
{
    int labels[LABELS];
    int count = model_running(generator->model, labels, LABELS);
    if (!count || g_chance(generator, 30))
        count = model_sessions(generator->model, 0, labels, LABELS);
    op->from = g_who(generator);
    op->number = g_below(generator, NUMBERS);
    if (count && g_chance(generator, 85)) {
        bool left;
        int session = labels[g_below(generator, count)];
        int people = model_session_people(generator->model, session);
        int place = people ? g_below(generator, people) : 0;
        if (people)
            model_person(generator->model, session, place, &op->from, &op->number, &left);
        int old = model_old_number(generator->model, session, place);
        if (old >= 0 && g_chance(generator, 40))
            op->number = old;
    }
    if (op->from == WHO_E && g_chance(generator, 50))
        op->from = WHO_E_ALSO;
    if (g_chance(generator, 1))
        op->from = WHO_NOBODY;
    op->message =
        g_chance(generator, 22) ? -1 - g_below(generator, -WORD_LAST) : generator->next_message++;
    if (op->message < 0 && g_chance(generator, 40))
        op->message = g_chance(generator, 50) ? WORD_STOP : WORD_START;
    /* What waits is to be seen to go. */
    int waits;
    if (op->message == WORD_STOP && g_chance(generator, 50) &&
        model_waited_for(generator->model, g_below(generator, 64), &op->from, &op->number, &waits))
        op->number = g_chance(generator, 80) ? op->number : g_below(generator, NUMBERS);
    op->media = g_chance(generator, 15);
    op->provider = g_below(generator, PROVIDER_IDS);
    op->carrier = model_number_carrier(generator->model, op->number);
    if (g_chance(generator, 5))
        op->carrier = g_below(generator, CARRIERS);
}

static void make_outcome(struct generator *generator, struct op *op)
{
    static const enum attempt_mode modes[] = {MODE_TAKE,  MODE_TAKE,   MODE_TAKE,    MODE_RETRY,
                                              MODE_RETRY, MODE_REFUSE, MODE_UNKNOWN, MODE_LOST};
    op->outcome = modes[g_below(generator, 8)];
    if (op->kind == OP_CARRIER_MODE) {
        op->carrier = g_below(generator, CARRIERS);
        if (g_chance(generator, 40))
            op->outcome = MODE_HOLD;
    } else if (op->outcome == MODE_RETRY && g_chance(generator, 30)) {
        op->retry_after = SPAN(generator, 3, 8);
    }
}

void make_carrier(struct generator *generator, struct op *op)
{
    int messages[MESSAGES];
    int carriers[MESSAGES];
    int count;
    switch (op->kind) {
    case OP_ANSWER:
        count = model_waiting_messages(generator->model, messages, MESSAGES);
        op->message = count ? messages[g_below(generator, count)] : 0;
        make_outcome(generator, op);
        break;
    case OP_RECEIPT:
        count = model_sent_messages(generator->model, messages, carriers, MESSAGES);
        if (count) {
            int at = g_below(generator, count);
            op->message = messages[at];
            op->carrier = carriers[at];
        }
        op->receipt = (enum receipt_kind)g_below(generator, RECEIPT_KINDS);
        op->stolen = g_chance(generator, 4);
        break;
    case OP_CARRIER_MODE:
        make_outcome(generator, op);
        break;
    default:
        op->carrier = g_below(generator, CARRIERS);
    }
}

void make_redact(struct generator *generator, struct op *op)
{
    int messages[MESSAGES];
    int sessions[MESSAGES];
    int count = model_said(generator->model, messages, sessions, MESSAGES);
    g_session(generator, op);
    if (!count)
        return;
    int at = g_below(generator, count);
    op->message = messages[at];
    if (g_chance(generator, 94)) {
        op->session = (struct ref){.label = sessions[at]};
        op->service = (struct ref){.label = model_session_service(generator->model, sessions[at])};
    }
}

/* Somebody in a session, mostly; whom it concerns is the partner. */
void make_bar(struct generator *generator, struct op *op)
{
    bool blocks = op->kind == OP_BLOCK_CREATE || op->kind == OP_BLOCK_DELETE;
    struct plain_bar bar;
    g_session(generator, op);
    bool left;
    int place = g_below(generator, 2);
    op->from = g_who(generator);
    op->number = -1;
    if (g_chance(generator, 85))
        model_person(generator->model, op->session.label, place, &op->from, &op->number, &left);
    int waits = 0;
    if (g_chance(generator, 40) &&
        model_waited_for(generator->model, g_below(generator, 64), &op->from, &op->number, &waits))
        op->service = (struct ref){.label = model_session_service(generator->model, waits)};
    if (blocks && g_chance(generator, 30) &&
        model_waited_from(generator->model, g_below(generator, 64), &op->from, &place, &op->to,
                          &waits)) {
        op->service = (struct ref){.label = model_session_service(generator->model, waits)};
        op->session = (struct ref){.label = 0};
        op->number = -1;
        return;
    }
    if (blocks || g_chance(generator, 50))
        op->number = -1;
    if (blocks && g_chance(generator, 75)) {
        int number;
        op->to = g_who(generator);
        model_person(generator->model, op->session.label, 1 - place, &op->to, &number, &left);
    }
    int label = blocks ? model_any_block(generator->model, g_below(generator, 64), &bar)
                       : model_any_opt_out(generator->model, g_below(generator, 64), &bar);
    bool takes_back = op->kind == OP_BLOCK_DELETE || op->kind == OP_OPT_OUT_DELETE;
    if (label && takes_back && g_chance(generator, 90)) {
        op->service = (struct ref){.label = label};
        op->from = bar.who;
        op->to = bar.to;
        op->number = bar.number;
    }
    op->session = (struct ref){.label = 0};
}

void make_rate(struct generator *generator, struct op *op)
{
    op->service = g_service(generator);
    op->method = g_below(generator, 2);
    op->batch_count = 1 + g_below(generator, 6);
}

/* ---- calls ---- */

void make_call(struct generator *generator, struct op *op)
{
    make_inbound(generator, op);
    op->media = false;
    op->provider = 0;
    if (op->message < 0)
        op->message = generator->next_message++;
}

/* Steps in their order more often than not. */
void make_call_step(struct generator *generator, struct op *op)
{
    static const enum call_step usual[] = {STEP_RINGING, STEP_PICKED_UP, STEP_CONNECTED,
                                           STEP_CONNECTED, STEP_COMPLETED};
    int messages[MESSAGES];
    int sessions[MESSAGES];
    int count =
        model_calls(generator->model, g_chance(generator, 20), messages, sessions, MESSAGES);
    op->message = count && g_chance(generator, 95) ? messages[g_below(generator, count)]
                                                   : g_below(generator, generator->next_message);
    op->second = g_chance(generator, 70);
    op->step = g_chance(generator, 70) ? usual[g_below(generator, 5)]
                                       : (enum call_step)g_below(generator, CALL_STEPS);
}

void make_call_end(struct generator *generator, struct op *op)
{
    int messages[MESSAGES];
    int sessions[MESSAGES];
    int count =
        model_calls(generator->model, g_chance(generator, 10), messages, sessions, MESSAGES);
    g_session(generator, op);
    op->message = g_below(generator, generator->next_message);
    if (!count || g_chance(generator, 8))
        return;
    int at = g_below(generator, count);
    op->message = messages[at];
    op->session = (struct ref){.label = sessions[at]};
    op->service = (struct ref){.label = model_session_service(generator->model, sessions[at])};
}
