/*
 * Whether what the API tells of the Services that an input made is one story: lists and gets agree, events are gapless, no two people share
 * a route.
 */
#ifndef MASKLINE_TESTS_FUZZ_API_CHECK_H
#define MASKLINE_TESTS_FUZZ_API_CHECK_H

#include "tests/fuzz/api_calls.h"

void api_check(struct api_calls *calls);

#endif
