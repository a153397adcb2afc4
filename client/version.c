#include "client/version.h"

#include "client/json.h"
#include "client/table.h"
#include "grpc/health/v1/health.pb-c.h"

#include <string.h>

typedef Grpc__Health__V1__HealthCheckResponse health_answer;

static const struct grpc_c_client_method health_check = {
    .path = "/grpc.health.v1.Health/Check",
    .request = &grpc__health__v1__health_check_request__descriptor,
    .response = &grpc__health__v1__health_check_response__descriptor,
};

static const char *version_in(const struct grpc_c_status *status)
{
    for (size_t i = 0; i < status->initial_count; i++)
        if (strcmp(status->initial[i].key, MASKLINE_VERSION_KEY) == 0)
            return status->initial[i].value;
    return NULL;
}

bool version_ask(struct cli *cli, bool *ret_serves, const char **ret_version,
                 struct grpc_c_status *ret_status)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    const ProtobufCMessage *response;
    struct grpc_c_call_options call = cli_call(cli);
    if (!grpc_c_client_unary(cli->channel, &health_check, &call, &request.base, cli->arena,
                             &response, ret_status))
        return false;
    *ret_serves = ((const health_answer *)(const void *)response)->status ==
                  GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
    *ret_version = version_in(ret_status);
    return true;
}

static void print_json(const char *server)
{
    printf("{\"command\":\"" MASKLINE_VERSION "\"");
    if (server) {
        printf(",\"server\":");
        json_string(stdout, server);
    }
    puts("}");
}

static void print_text(const struct cli *cli, const char *server)
{
    puts("this command  maskline " MASKLINE_VERSION);
    if (!server)
        return;
    fputs("the server    maskline ", stdout);
    print_plain(server, stdout);
    printf(", at %s\n", cli->server);
}

int version(struct cli *cli)
{
    struct grpc_c_status status;
    const char *server = NULL;
    bool serves;
    if (!cli_connect(cli))
        return EXIT_USAGE;
    bool answers = version_ask(cli, &serves, &server, &status);
    if (cli->json)
        print_json(server);
    else
        print_text(cli, server);
    if (!answers)
        return cli_failed(cli, &status);
    if (!server)
        fprintf(stderr,
                "maskline: the server at %s does not say its version: it is older than this "
                "command, or no Maskline\n",
                cli->server);
    else if (strcmp(server, MASKLINE_VERSION) != 0)
        fputs("maskline: the versions differ; start the server anew after an update, and take the "
              "command from the same build\n",
              stderr);
    return EXIT_DONE;
}
