// SPDX-License-Identifier: Apache-2.0
// WriteSession: the one writing connection and its prepared statements; what may be done inside a transaction, and
// nothing about threads, queues or what follows a failure (that is journal/writer.hpp).
//
// Functions that touch the database return an SQLite code, SQLITE_OK or an error after which the transaction must be
// rolled back. What the caller is to be told stands in their out parameter, and is true only once commit() returned
// SQLITE_OK.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "journal/journal.hpp"
#include "journal/record.hpp"
#include "journal/sqlite.hpp"
#include "journal/young_index.hpp"

namespace bellhop::core {

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
  // enough for that, and readies a generation of index entries for merging.
  int tidy();

  Seq newest() const { return next_seq_ - 1; }
  Error error(std::string_view what) const { return database_.error(what); }

 private:
  struct Statements {
    Statement begin, commit, rollback;
    Statement id_of_event, find_id, newest_of_subject, insert_event, insert_young;
    Statement merge_id, merge_subject, delete_young;
    Statement delivery_state, put_delivery, dead_letter, find_replay, put_replay, event_flags, insert_replay;
    Statement insert_instance, put_instance;
    Statement is_replay_waiting, newest_attempt, put_attempt, trim_attempts;
    Statement put_kept, kv_bytes, put_kv, delete_kv, document, put_document, delete_document;
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
  int flush_instances();

  YoungIndex &young_;
  std::vector<YoungEntry> young_begun_;  // of the events since begin()
  Merge merge_, merge_begun_;
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
};

// 4 MiB. A checkpoint costs three syncs and a copy of each page once, however often it was written: rare ones are
// cheap. It runs after the answers, and holds up the next batch: rare ones are also long.
inline constexpr int checkpoint_pages = 500;
inline constexpr int log_pages_max = 8 * 1024;  // 64 MiB: beyond it, readers are waited for
inline constexpr int tail_rows = 1'000;         // checked at open

}  // namespace bellhop::core
