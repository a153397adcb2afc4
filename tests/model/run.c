#include "tests/model/run.h"

#include "tests/model/compare.h"
#include "tests/model/folder.h"
#include "tests/model/generate.h"

#include <stdio.h>
#include <stdlib.h>

static bool tracing;
static struct run_counts counts;

const struct run_counts *run_counted(void)
{
    return &counts;
}

void run_trace(bool on)
{
    tracing = on;
}

static void trace_answer(const struct op *op, const struct answer *answer)
{
    char line[1024];
    if (!tracing)
        return;
    op_print(op, line, sizeof(line));
    printf("    %s\n", line);
    if (!answer->ok)
        printf("        refused: %s (%d)\n", answer->reason, answer->original);
    for (int i = 0; answer->more && i < op->batch_count; i++)
        if (!answer->more[i].ok)
            printf("        refused number %d of them: %s (%d)\n", i + 1, answer->more[i].reason,
                   answer->more[i].original);
    if (answer->repeated)
        printf("        as a repeat\n");
    if (answer->hang_up)
        printf("        hang up\n");
    for (int i = 0; i < answer->session.people_count; i++)
        printf("        participant %d dials N%d\n", i, answer->session.people[i].number + 1);
}

static void trace_attempt(const struct attempt *attempt)
{
    static const char *const outcomes[] = {"", " takes", " refuses", " retry", " unknown", " lost"};
    if (tracing)
        printf("        %s is asked to send m%d from N%d to address %d%s\n",
               world_carrier(attempt->carrier), attempt->message, attempt->from + 1,
               (int)attempt->to, outcomes[attempt->outcome]);
}

static void trace_event(const struct event *event)
{
    if (!tracing)
        return;
    printf("        k%d %llu %s %s", event->service, (unsigned long long)event->position,
           event_name(event->kind), event->reason);
    if (event->kind == EVENT_INTERACTION_CREATED)
        printf("m%d", event->interaction.message);
    if (event->occasion)
        printf(" with a notice for occasion %d", event->occasion);
    if (event->kind == EVENT_LEG_CHANGED)
        printf("status %d %s attempts %d due %lld", event->leg.status, event->leg.reason,
               event->leg.attempts,
               event->leg.due_time ? (long long)(event->leg.due_time - WORLD_BEGIN) : 0);
    printf("\n");
}

static void tell_events(struct model *model, struct subject *subject)
{
    const struct event *events;
    const char *wrong;
    int count;
    if (!subject_events(subject, &events, &count, &wrong))
        model_wrong_about(model, "%s", wrong);
    for (int i = 0; i < count; i++)
        trace_event(&events[i]);
    for (int i = 0; i < count && !model_wrong(model); i++)
        model_event(model, &events[i]);
}

bool run_step(struct model *model, struct subject *subject, const struct op *op, unsigned turn,
              char ret_wrong[RUN_WRONG])
{
    struct answer answer;
    const struct attempt *attempts;
    model_begin(model, op);
    subject_do(subject, op, &answer);
    int count = subject_attempts(subject, &attempts);
    trace_answer(op, &answer);
    for (int i = 0; i < count; i++)
        trace_attempt(&attempts[i]);
    model_answer(model, op, &answer);
    for (int i = 0; i < count && !model_wrong(model); i++)
        model_attempt(model, &attempts[i]);
    if (!model_wrong(model) || tracing)
        tell_events(model, subject);
    const int *hung_up;
    int hung_up_count = subject_hung_up(subject, &hung_up);
    for (int i = 0; i < hung_up_count && !model_wrong(model); i++)
        model_hung_up(model, hung_up[i]);
    if (!model_wrong(model))
        model_end(model, op);
    if (!model_wrong(model))
        compare_all(model, subject, turn);
    counts.steps++;
    counts.done[op->kind]++;
    counts.accepted[op->kind] += answer.ok;
    if (!model_wrong(model))
        return true;
    snprintf(ret_wrong, RUN_WRONG, "%s", model_wrong(model));
    return false;
}

/* The logs are read again, from their beginnings. */
static bool tells_the_same(struct subject *subject, char ret_wrong[RUN_WRONG])
{
    const char *wrong;
    if (subject_retell(subject, &wrong))
        return true;
    snprintf(ret_wrong, RUN_WRONG, "%s", wrong);
    return false;
}

static struct model *new_model(const struct world *world, const struct subject *subject)
{
    struct model *model = model_new(world, subject_now(subject));
    if (model)
        return model;
    fprintf(stderr, "model test: no memory\n");
    abort();
}

bool run_script(const struct script *script, const char *folder, struct finding *ret_finding)
{
    const struct world world = {.tag = 0};
    if (folder)
        folder_remove(folder);
    struct subject *subject = subject_new(folder, 1);
    struct model *model = new_model(&world, subject);
    bool ok = true;
    for (int i = 0; ok && i < script->count; i++) {
        ok = run_step(model, subject, &script->ops[i], (unsigned)i, ret_finding->wrong);
        ret_finding->at = i;
    }
    if (ok)
        ok = tells_the_same(subject, ret_finding->wrong);
    model_free(model);
    subject_free(subject);
    return ok;
}

static void rebase(struct script *script, int64_t begin)
{
    for (int i = 0; i < script->count; i++) {
        struct op *op = &script->ops[i];
        if (op->kind == OP_CLOCK)
            op->time -= begin - WORLD_BEGIN;
        if (op->date)
            op->date -= begin - WORLD_BEGIN;
    }
}

bool run_random(struct subject *subject, const struct world *world, uint64_t seed, int count,
                struct script *ret_script, struct finding *ret_finding)
{
    subject_world(subject, world);
    int64_t begin = subject_now(subject);
    struct model *model = new_model(world, subject);
    struct generator generator = generator_of(seed, model);
    generator.crashes = subject_on_disk(subject);
    bool ok = true;
    ret_script->count = 0;
    while (ok && ret_script->count < count) {
        struct op *op = &ret_script->ops[ret_script->count];
        *op = generate(&generator);
        ret_finding->at = ret_script->count++;
        ok = run_step(model, subject, op, (unsigned)ret_finding->at, ret_finding->wrong);
    }
    if (ok)
        ok = tells_the_same(subject, ret_finding->wrong);
    model_free(model);
    if (!ok)
        rebase(ret_script, begin);
    return ok;
}
