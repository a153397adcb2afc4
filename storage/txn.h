/*
 * What a decision reads and writes, on the pipeline's writer thread.
 *
 * A decision reads rows (it sees everything decided before it, durable or not) and appends entries to logs. For each
 * entry the domain's `derive` is called at once, and again when the entry is replayed after a crash. It says which rows follow from the entry. Its law:
 *
 *     a row's new value is a function of the entry and of that row's own old value, of nothing else;
 *     one entry touches one row at most once (one that touches it twice is refused);
 *     a row that entries of several logs touch is never put ROW_LATER;
 *     nor is one that txn_delete deletes, unless it does no harm when a crash brings it back.
 *
 * Each row keeps a sequence, which tells it apart from what later entries made of it; that is how replay knows what has been
 * done already, row by row, whatever had reached the disk. What a deleted row was is not kept: a replay may find it absent where it
 * once was there. It does not matter what is made of that, since the entry that deletes the row comes later in the replay;
 * only it must not be taken for damage.
 */
#ifndef MASKLINE_STORAGE_TXN_H
#define MASKLINE_STORAGE_TXN_H

#include "storage/store.h"

struct txn;

/* Whose log: the first 20 bytes of that Service's keys (storage/keys.h). */
struct log_id {
    uint8_t bytes[20];
};

/* ---- for decisions ---- */

/* The time of this decision: never before that of an earlier one. */
int64_t txn_now(const struct txn *txn);

/* Whose command it is (pipeline.h). */
uint32_t txn_tenant(const struct txn *txn);

/* Memory until the group that this decision belongs to is done. */
struct arena *txn_arena(struct txn *txn);

/* A new 16-byte SID, later than all before (proto/c/sid.h). */
void txn_mint(struct txn *txn, uint8_t ret_sid[16]);

/* Reads as view_get and view_scan, of all that was decided before, durable or not. After KV_FAILED, or NULL for a scan, nothing that the
 * decision writes stays, whatever it says, and its command is refused with the error. A scan is freed before the decision
 * ends; what is written while it is open may or may not show in it. */
enum kv_found txn_get(struct txn *txn, enum kv_family family, struct bytes key,
                      struct kv_value *ret_value, struct error *error);
struct scan *txn_scan(struct txn *txn, enum kv_family family, struct bytes from, struct bytes to,
                      bool backwards);

/* Appends an entry to a log and derives its rows. Positions of a log are 1, 2, 3, … without a gap. An entry is at most 1 MB. A command
 * may append several; they become durable together. False (no memory, a broken store, an entry too large): the decision must give up, and
 * the pipeline drops all it wrote. */
bool txn_append(struct txn *txn, const struct log_id *log, struct bytes entry,
                uint64_t *ret_position, struct error *error);

/* Replaces the bytes of an entry that a log has already, for what must not be kept; its position, its time and its place in a replay stay.
 * Rows that came of it are not touched: another entry does that. An entry that the log has no more is none that has to go. False as with
 * txn_append. */
bool txn_rewrite(struct txn *txn, const struct log_id *log, uint64_t position, struct bytes entry,
                 struct error *error);

/* A row that is no consequence of a log entry and reaches the disk with the group (attempt marks, for instance). False when there is no
 * memory: as above. */
bool txn_put(struct txn *txn, enum kv_family family, struct bytes key, struct bytes value,
             int64_t purge_after);
bool txn_delete(struct txn *txn, enum kv_family family, struct bytes key);

/* ---- for derive ---- */

struct derivation; /* one entry being derived */

uint64_t derivation_position(const struct derivation *derivation);
/* What the rows that follow from it have as their sequence. */
uint64_t derivation_sequence(const struct derivation *derivation);
/* When the entry was decided (txn_now then). */
int64_t derivation_time(const struct derivation *derivation);
const struct log_id *derivation_log(const struct derivation *derivation);
struct arena *derivation_arena(struct derivation *derivation);
/* Whether this is a replay. Nothing but memory outside the store may depend on it. */
bool derivation_replays(const struct derivation *derivation);

enum row_state {
    ROW_ABSENT,
    ROW_PRESENT,
    ROW_DONE,   /* the row has this entry in it already: leave it alone. Only in replay */
    ROW_FAILED, /* the store cannot be read; end the derivation with false */
};

/* A row's old value, for a new one that depends on it. */
enum row_state derive_old(struct derivation *derivation, enum kv_family family, struct bytes key,
                          struct kv_value *ret_old);

/* When a row reaches the disk. */
enum row_timing {
    ROW_WITH_ENTRY, /* in the same write as the entry: what routing needs after a start, and what creates write anyway */
    ROW_LATER, /* with the next flush of the overlay; nothing is lost by it, since the entry stands in the log */
};

/* Sets or deletes a row. In replay a row that has this entry in it already is left alone. False: no memory, or ROW_FAILED. */
bool derive_put(struct derivation *derivation, enum kv_family family, struct bytes key,
                struct bytes value, int64_t purge_after, enum row_timing timing);
bool derive_delete(struct derivation *derivation, enum kv_family family, struct bytes key,
                   enum row_timing timing);

/* As derive_put with ROW_LATER, for a key that no row ever had before. When the row is deleted again before it was to reach the disk,
 * the disk hears of neither. */
bool derive_put_new(struct derivation *derivation, enum kv_family family, struct bytes key,
                    struct bytes value, int64_t purge_after);

#endif
