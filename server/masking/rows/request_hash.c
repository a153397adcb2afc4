#include "server/masking/rows/request_hash.h"

#include "storage/keys.h"

void request_hash(struct masking *masking, struct bytes encoding, uint8_t ret_hash[16])
{
    key_hash(store_hash_key(masking_store(masking)), &encoding, 1, ret_hash);
}
