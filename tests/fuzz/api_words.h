/* Words for requests that follow from what the API is made of. */
#ifndef MASKLINE_TESTS_FUZZ_API_WORDS_H
#define MASKLINE_TESTS_FUZZ_API_WORDS_H

#include "tests/fuzz/fake_server.h"
#include "tests/fuzz/proto_mutate.h"

/* The paths that a mask of any of these methods' requests can have, of one part or two; kept until the end. */
word_list api_mask_words(const struct fake_method *methods, size_t count);

#endif
