// SPDX-License-Identifier: Apache-2.0
// WriteSession: the one writing connection and its prepared statements; what may be done inside a transaction, and
// nothing about threads, queues or what follows a failure (that is journal/writer.hpp).
//
// Functions that touch the database return an SQLite code, SQLITE_OK or an error after which the transaction must be
// rolled back. What the caller is to be told stands in their out parameter, and is true only once commit() returned
// SQLITE_OK.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "journal/backlog.hpp"
#include "journal/journal.hpp"
#include "journal/limits.hpp"
#include "journal/merged_keys.hpp"
#include "journal/record.hpp"
#include "journal/sqlite.hpp"
#include "journal/young_index.hpp"

namespace bellhop::core {

inline constexpr std::int64_t page_bytes = 8'192;

class WriteSession {
 public:
  struct Place {
    std::string path;
    std::string vfs;
    std::size_t generation_count = 0;
    Milliseconds wall_ms = 0;  // for the record of a hole
  };

  // Opens or makes the file, brings its schema up, makes durable whatever a killed predecessor left in the write-ahead
  // log, looks for a lost tail (by the high-water mark) and checks the last rows. Damage is logged; only what makes
  // writing impossible is an error.
  //   young     filled anew here, kept up to date by commit(); outlives the session
  static Result<std::unique_ptr<WriteSession>> open(const Place &place, Seq mark, YoungIndex &young, const Log &log);
  ~WriteSession();

  int begin();
  int commit();  // with the instances' rows that have changed
  void rollback();

  int append(EventRecord record, std::uint32_t content_crc, Result<Appended> &out);
  int settle(const SettleBatch &batch, Result<void> &out);
  int replay(InstanceId instance, Seq seq, Result<std::int64_t> &out);
  int replay_all(InstanceId instance, const std::vector<Seq> &seqs, Result<std::int64_t> &out);
  int drop(InstanceId instance, Seq seq, Result<void> &out);
  int open_instance(std::string_view name, Start start, Result<OpenedInstance> &out);
  int park_instances_except(const std::vector<std::string> &names);

  // What can wait until the callers have their answers: moves the write-ahead log into the database when it is long
  // enough for that, readies a generation of index entries for merging, and learns some of those that are merged.
  int tidy();

  // ---- what keeps it small (write_session_retention.cpp, write_session_forget.cpp) ----
  struct RetentionStep {
    Milliseconds now_ms = 0;
    bool is_from_beginning = false;  // also what earlier steps skipped
    int rows_max = 256;
    std::function<bool()> is_late;  // asked after each row: has it taken long enough?
  };
  struct RetentionDone {
    std::int64_t removed_count = 0;
    bool is_over = false;  // nothing more is to be removed now
  };
  int remove_finished(const Limits &limits, const RetentionStep &step, RetentionDone &out);
  int give_back_pages(int count);  // free ones at the end of the file, or moved there
  struct Pages {
    std::int64_t count = 0, free_count = 0;
  };
  int read_pages(Pages &out);
  int scrub(const std::vector<std::int64_t> &pages);  // after cut_log(), see journal/scrub.hpp
  int cut_log();                                      // outside a transaction; SQLITE_BUSY: a reader is in the way
  struct Behind {
    Seq cursor = 0;    // the smallest; newest() without an instance
    std::string name;  // whose it is; "" = nobody's
  };
  Behind furthest_behind() const;
  bool has_active_instance() const;
  std::int64_t backlog_bytes(Seq cursor) const { return backlog_.bytes_above(cursor); }
  Result<Seq> oldest(Milliseconds &received_ms);  // 0: there is none
  std::int64_t log_bytes() const { return static_cast<std::int64_t>(log_pages_) * page_bytes; }
  std::int64_t kept_count() const { return newest() - gone_count_; }
  std::int64_t removed_count() const { return removed_count_; }
  struct Erasure {
    std::int64_t events_count = 0, owed_count = 0, messages_count = 0, attempts_count = 0;
    std::int64_t entries_count = 0, documents_count = 0;
  };
  int erase_events(std::string_view email, const std::vector<Seq> &seqs, Milliseconds now_ms, Erasure &out);
  int erase_messages(std::string_view email, const std::vector<DeliveryKey> &keys, Erasure &out);
  struct AttemptKey {
    DeliveryKey key;
    int number = 0;
  };
  int erase_attempts(const std::vector<AttemptKey> &attempts, Erasure &out);
  // Removes keys and documents of instances: those whose contents name the address, others stay.
  int erase_kept(std::string_view email, const std::vector<InstanceWrite> &removals, Erasure &out);

  Seq newest() const { return next_seq_ - 1; }
  Error error(std::string_view what) const { return database_.error(what); }

 private:
  struct Statements {
    Statement begin, commit, rollback;
    Statement id_of_event, find_id, newest_of_subject, insert_event, insert_young;
    Statement ids_above, subjects_above;
    Statement merge_id, merge_subject, delete_young;
    Statement delivery_state, put_delivery, dead_letter, find_replay, put_replay, event_flags, insert_replay;
    Statement insert_instance, put_instance;
    Statement is_replay_waiting, newest_attempt, put_attempt, trim_attempts;
    Statement put_kept, kv_bytes, put_kv, delete_kv, document, put_document, delete_document;
  };

  struct RetentionStatements {
    Statement candidate, delivery, replays, newer_of_subject, older_of_subject;
    Statement delete_event, delete_young, delete_id, delete_subject, delete_delivery, delete_replays, delete_attempts;
    Statement range_before, range_after, delete_range, put_range;
    Statement page_count, free_count;
  };
  struct Candidate {
    Seq seq = 0;
    std::int64_t id_key = 0;
    std::optional<SubjectKey> subject_key;
  };
  struct Removing {  // a run of removed events that is not yet in the table `removed`
    Seq first = 0, last = 0;
  };

  // How far the merging generation has come: entries merged in either order, and the last seq deleted from young.
  struct Merge {
    std::size_t ids_count = 0, subjects_count = 0;
    Seq deleted = 0;
  };

  explicit WriteSession(YoungIndex &young) : young_(young) {}
  Result<void> prepare();
  Result<void> make_log_durable();
  Result<void> load_instances(const Log &log);
  Result<void> load_kept(const Log &log);
  Result<void> load_young();
  Result<void> find_position(const Place &place, Seq mark, const Log &log);
  Result<void> record_hole(Hole hole, const Log &log);

  int is_same(Seq seq, std::string_view id, Result<Appended> &out, bool &is_found);
  int find_duplicate(const EventRecord &record, Result<Appended> &out, bool &is_found);
  int newest_of_subject(SubjectKey subject, Milliseconds &newest_ms);
  int merge_some(std::size_t count);
  std::size_t merged_count() const;  // events whose entries are in the tables, about
  void learn_merged();
  int checkpoint_if_long();
  int check(const SettleBatch &batch, Result<void> &out);
  int put_live(const Settlement &settlement);
  int put_replay(const Settlement &settlement);
  int write_delivery(const Settlement &settlement);
  int ask_replay(InstanceId instance, Seq seq, SubjectKey subject, std::int64_t &replay);
  int put_attempt(const Settlement &settlement);
  int put_staged(InstanceId instance, const Staged &staged, Milliseconds written_ms);
  int put_kv(InstanceId instance, const KvWrite &write);
  int put_document(InstanceId instance, const DocumentWrite &write, Milliseconds written_ms);
  int write_kept(const KeptRecord &record);
  int flush_kept();
  KeptRecord &change_kept(InstanceId id);
  int revive_dead_letter(const Settlement &replay);
  int write_instance(const InstanceRecord &record);
  Result<void> count_gone();
  int prepare_retention();
  int consider(const Limits &limits, const RetentionStep &step, Seq up_to, Removing &run, RetentionDone &out);
  int exceeds(std::int64_t bytes_max, bool &out);
  int find_holder(const Candidate &event, Milliseconds dead_since_ms, bool &is_held);
  int find_older_of_subject(const Candidate &event, bool &is_held);
  int remove_event(const Candidate &event);
  int flush_removed(Removing &run, Milliseconds now_ms);
  int redact(EventRecord record);
  int put_replay_row(const Settlement &settlement);
  int let_go(const EventRecord &record, Milliseconds now_ms, Erasure &out);
  int flush_instances();

  YoungIndex &young_;
  std::vector<YoungEntry> young_begun_;  // of the events since begin()
  Merge merge_, merge_begun_;
  std::size_t merge_due_ = 0;                // entries in either order
  MergedKeys merged_ids_, merged_subjects_;  // of the tables event_id and event_subject
  std::size_t generation_count_ = 0;

  Database database_;
  Statements statements_;
  Seq next_seq_ = 1;        // > every seq ever acknowledged
  Seq next_seq_begun_ = 1;  // at begin()
  std::map<InstanceId, InstanceRecord> instances_;
  std::map<InstanceId, InstanceRecord> instances_begun_;  // those changed since begin(), as they were
  InstanceRecord *change(InstanceId id);                  // nullptr: there is none
  std::vector<InstanceId> instances_made_;                // since begin()
  std::map<InstanceId, KeptRecord> kept_;                 // of every instance
  std::map<InstanceId, KeptRecord> kept_begun_;           // those changed since begin(), as they were
  int log_pages_ = 0;                                     // in the write-ahead log at the last commit

  RetentionStatements retention_;
  bool is_retention_ready_ = false;
  Seq retain_from_ = 1, retain_from_begun_ = 1;  // events below were looked at in this pass
  std::vector<Seq> removed_begun_;               // since begin()
  std::int64_t removed_count_ = 0;               // by retention, ever
  std::int64_t gone_count_ = 0;                  // numbers up to newest() without an event: removed or lost
  Backlog backlog_;
  std::int64_t bytes_begun_ = 0;  // of the events appended since begin()
};

// 4 MiB. A checkpoint costs three syncs and a copy of each page once, however often it was written: rare ones are
// cheap. It runs after the answers, and holds up the next batch: rare ones are also long.
inline constexpr int checkpoint_pages = 500;
inline constexpr int log_pages_max = 8 * 1024;   // 64 MiB: beyond it, readers are waited for
inline constexpr int tail_rows = 1'000;          // checked at open
inline constexpr std::size_t merged_rows = 256;  // at least, in one commit
inline constexpr int learnt_rows = 512;          // of either index table after a batch; half a millisecond
inline constexpr int busy_ms_checkpoint = 50;
inline constexpr int busy_ms_usual = 5'000;

}  // namespace bellhop::core
