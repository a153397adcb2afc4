/*
 * The generator ends with a word on standard error when there is no memory, whichever piece it did not get.
 */
#include "bazel/grpc_reflection_c_proto_descriptors.h"
#include "bazel/protoc-gen-grpc-c/generate.h"
#include "google/protobuf/compiler/plugin.pb-c.h"
#include "tests/stress/allocation/failing.h"
#include "tests/unit/suite.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 10000 };

typedef Google__Protobuf__Compiler__CodeGeneratorRequest request_type;

static uint8_t *pack_request(size_t *ret_size)
{
    Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
        NULL, grpc_reflection_c_proto_descriptors_size, grpc_reflection_c_proto_descriptors);
    ck_assert_ptr_nonnull(set);
    request_type request = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_REQUEST__INIT;
    request.proto_file = set->file;
    request.n_proto_file = set->n_file;
    char *names[16];
    request.file_to_generate = names;
    for (size_t i = 0; i < set->n_file && i < 16; i++)
        names[request.n_file_to_generate++] = set->file[i]->name;
    *ret_size = google__protobuf__compiler__code_generator_request__get_packed_size(&request);
    uint8_t *bytes = malloc(*ret_size);
    ck_assert_ptr_nonnull(bytes);
    google__protobuf__compiler__code_generator_request__pack(&request, bytes);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    return bytes;
}

/* In a process of its own: it ends it. Its exit status: 0 or 1, or 2 when the failure was never come to. */
static int run(const uint8_t *bytes, size_t size, int nth, int words)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(words, STDERR_FILENO);
        failing_start(nth, false);
        struct pool *pool = pool_new();
        size_t response_size;
        const char *error;
        const uint8_t *response = generate(pool, bytes, size, &response_size, &error);
        bool hit = failing_end();
        pool_free(pool);
        _exit(!response ? 3 : hit ? 0 : 2);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "allocation %d: killed by signal %d", nth, WTERMSIG(status));
    return WEXITSTATUS(status);
}

START_TEST(no_memory)
{
    size_t size;
    uint8_t *bytes = pack_request(&size);
    int nth = 1;
    for (; nth < MOST; nth++) {
        int ends[2];
        char words[64] = "";
        ck_assert_int_eq(pipe(ends), 0);
        int status = run(bytes, size, nth, ends[1]);
        close(ends[1]);
        ssize_t got = read(ends[0], words, sizeof(words) - 1);
        close(ends[0]);
        if (status == 2)
            break;
        ck_assert_msg(status == 1, "allocation %d: status %d", nth, status);
        ck_assert_int_gt(got, 0);
        ck_assert_ptr_nonnull(strstr(words, "out of memory"));
    }
    ck_assert_int_gt(nth, 2);
    ck_assert_int_lt(nth, MOST);
    free(bytes);
}
END_TEST

SUITE_MAIN("generator", no_memory)
