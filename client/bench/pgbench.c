#include "client/bench/pgbench.h"

#include <stdlib.h>
#include <string.h>

/* The number behind a label at the beginning of a line. */
static bool number(const char *text, const char *label, double *ret_value)
{
    for (const char *at = text; (at = strstr(at, label)) != NULL; at++) {
        if (at != text && at[-1] != '\n')
            continue;
        char *end;
        at += strlen(label);
        *ret_value = strtod(at, &end);
        return end != at && *ret_value >= 0;
    }
    return false;
}

bool pgbench_read(const char *text, struct pgbench_result *ret_result)
{
    double transactions, failed, per_second = 0, latency = 0;
    if (!number(text, "number of transactions actually processed: ", &transactions) ||
        !number(text, "number of failed transactions: ", &failed))
        return false;
    /* When none came to its end, there is nothing to tell of their speed. */
    if (transactions > 0 &&
        (!number(text, "tps = ", &per_second) || !number(text, "latency average = ", &latency)))
        return false;
    *ret_result = (struct pgbench_result){.transactions = (uint64_t)transactions,
                                          .failed = (uint64_t)failed,
                                          .per_second = per_second,
                                          .latency_ms = latency};
    return true;
}
