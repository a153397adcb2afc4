#include "client/cli.h"
#include "client/demo.h"
#include "client/doctor.h"
#include "client/server_program.h"
#include "client/version.h"

static int serve(struct cli *cli)
{
    return server_program_become(cli->input.words);
}

static const struct option doctor_options[] = {
    {.name = "data",
     .value = "DIR",
     .live = LIVE_FOLDER,
     .help = "the store's folder (default maskline-data; variable MASKLINE_DATA)"},
    {.name = "min-free",
     .value = "SIZE",
     .kind = OPTION_SIZE,
     .help = "what the server has as --min-free (default 512MiB)"},
    {0},
};

const struct command running_commands[] = {
    {.noun = "serve",
     .summary = "Run a server",
     .more =
         "`maskline serve --help` lists its settings: each is a flag, a variable or a line of a "
         "config file. SIGTERM and Ctrl-C end it when calls in flight have finished. "
         "Its exit statuses are its own: 0 it ended as it was asked to, 1 it could not start, or "
         "not "
         "end in time, 2 bad settings.",
     .examples = {"--data rides-data --listen 127.0.0.1:7767"},
     .run = serve,
     .raw = true},
    {.noun = "demo",
     .summary = "Play a masked conversation on the simulator, and check it",
     .examples = {"", "--server 127.0.0.1:7766"},
     .run = demo_play},
    {.noun = "doctor",
     .summary = "Look whether all is well: store, disk, server, clock, limits",
     .more =
         "It changes nothing, and a server that runs goes on: run it on the server's machine, as "
         "its user. Each line says ok, warn or FAIL, and what to do. The status is 1 when "
         "something must be mended.",
     .options = doctor_options,
     .examples = {"", "--data rides-data --json"},
     .run = doctor},
    {.noun = "version",
     .summary = "Show which Maskline this command is, and which the server that runs",
     .more = "When the two differ it says so, too. `maskline --version` asks no server.",
     .examples = {"", "--json"},
     .run = version},
    {0},
};
