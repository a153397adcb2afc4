/*
 * Tags travel through the core: what was written before a batch was started with a tag is seen by whoever gets the tag back. The
 * thread sanitizer cannot see into the core, and is told so here.
 */
#ifndef MASKLINE_PROTO_C_RPC_TAG_H
#define MASKLINE_PROTO_C_RPC_TAG_H

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define RPC_TAG_GIVEN(tag) __tsan_release(tag)
#define RPC_TAG_BACK(tag)  __tsan_acquire(tag)
#else
#define RPC_TAG_GIVEN(tag) ((void)(tag))
#define RPC_TAG_BACK(tag)  ((void)(tag))
#endif

#endif
