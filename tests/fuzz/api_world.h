/*
 * A whole server in this process, but for its network: store, domain, carriers, the log's readers, and the API over a fake runtime. Time
 * stands still unless the API moves it; timers and carriers run when they are told to.
 */
#ifndef MASKLINE_TESTS_FUZZ_API_WORLD_H
#define MASKLINE_TESTS_FUZZ_API_WORLD_H

#include "tests/fuzz/fake_server.h"

struct api_world;

/* With a simulator, and with a carrier "net" that programs attach as when `gateway` is true. */
struct api_world *api_world_new(bool gateway);
/* After all calls have ended. NULL is fine. */
void api_world_free(struct api_world *world);

struct grpc_c_server *api_world_server(const struct api_world *world);

/* Does what is due, until nothing is and the writer has nothing to write. */
void api_world_run(struct api_world *world);

#endif
