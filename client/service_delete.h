/*
 * Deleting a Service, and waiting until it is gone.
 */
#ifndef MASKLINE_CLIENT_SERVICE_DELETE_H
#define MASKLINE_CLIENT_SERVICE_DELETE_H

#include "client/cli.h"

int service_delete(struct cli *cli);

#endif
