// SPDX-License-Identifier: Apache-2.0
// The writing half and delivery's reads; what instances keep is in memory_kept.cpp, Inspect's answers in
// memory_inspect.cpp.
#include "journal/memory_journal.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "event/sha256.hpp"
#include "journal/late.hpp"

namespace bellhop::core {
namespace {

std::string text_of(Seq seq) { return std::to_string(seq); }

}  // namespace

bool MemoryJournal::is_due(Failure &failure) {
  if (failure.count == 0) return false;
  --failure.count;
  return true;
}

// ---- writes ---------------------------------------------------------------------------------------------------------

Result<Appended> MemoryJournal::append(const Incoming &incoming) {
  CHECK(incoming.event == nullptr || incoming.event->id == incoming.id);
  Appended appended;
  {
    Lock lock(mutex_);
    if (is_due(append_failure_)) return append_failure_.error;
    const auto known = ids_.find(incoming.id.bytes);
    if (known != ids_.end()) {
      const auto first = events_.find(known->second);
      return Appended{known->second, true, first != events_.end() && first->second.row.is_late};
    }
    if (std::optional<Error> refused = refusal()) return *refused;
    appended.seq = append_new(incoming);
    appended.is_late = events_.at(appended.seq).row.is_late;
  }
  if (hint_) hint_();
  return appended;
}

Seq MemoryJournal::append_new(const Incoming &incoming) {
  Stored stored;
  EventRow &row = stored.row;
  row.seq = ++newest_;
  row.id = incoming.id;
  row.source_name = incoming.source_name;
  row.received_ms = incoming.received_ms;
  row.body_bytes = static_cast<std::int64_t>(incoming.body.size());
  stored.body = incoming.body;
  if (incoming.headers != nullptr) stored.headers = *incoming.headers;
  if (incoming.event != nullptr) {
    const Event &event = *incoming.event;
    row.type = event.type;
    row.subject = event.subject;
    row.time_ms = event.time_ms;
    row.is_test = event.is_test;
    stored.json = event.json;
    stored.subject = subject_key(event.subject);
    const auto [subject, is_first] = subjects_.try_emplace(stored.subject);
    const Milliseconds newest_ms = is_first ? newest_ms_none : subject->second.newest_ms;
    const Lateness late = lateness(newest_ms, event.time_ms, incoming.received_ms);
    row.is_late = late.is_late;
    subject->second.newest_ms = late.newest_ms;
    subject->second.seqs.push_back(row.seq);
  } else {
    row.is_quarantined = true;
    row.quarantine_reason = incoming.quarantine_reason;
    row.time_ms = incoming.received_ms;
  }
  ids_.emplace(row.id.bytes, row.seq);
  const Seq seq = row.seq;
  events_.emplace(seq, std::move(stored));
  return seq;
}

void MemoryJournal::settle(SettleBatch batch, std::function<void(Result<void>)> done) {
  Result<void> result;
  {
    Lock lock(mutex_);
    if (is_holding_) {
      held_.push_back({std::move(batch), std::move(done)});
      return;
    }
    result = is_due(settle_failure_) ? Result<void>(settle_failure_.error) : apply(batch);
  }
  done(std::move(result));
}

Result<void> MemoryJournal::check(const SettleBatch &batch) const {
  for (const Settlement &settlement : batch.settlements) {
    const DeliveryKey &key = settlement.key;
    const auto instance = instances_.find(key.instance);
    if (instance == instances_.end()) {
      return Error{Kind::invalid,
                   "settle event " + text_of(key.seq) + ": there is no instance " + text_of(key.instance)};
    }
    if (key.replay != 0 && instance->second.deliveries.count({key.seq, key.replay}) == 0) {
      return Error{Kind::invalid, "settle event " + text_of(key.seq) + " for instance " + text_of(key.instance) +
                                      ": there is no replay " + text_of(key.replay)};
    }
  }
  for (const CursorMove &move : batch.cursors) {
    if (!is_known(move.instance)) {
      return Error{Kind::invalid,
                   "move a cursor to " + text_of(move.cursor) + ": there is no instance " + text_of(move.instance)};
    }
  }
  for (const InstanceWrite &write : batch.writes) {
    if (!is_known(write.instance)) {
      return Error{Kind::invalid, "write what an instance keeps: there is no instance " + text_of(write.instance)};
    }
  }
  return {};
}

Result<void> MemoryJournal::apply(const SettleBatch &batch) {
  if (Result<void> checked = check(batch); !checked.ok()) return checked;
  for (const Settlement &settlement : batch.settlements) {
    Instance &instance = instances_.at(settlement.key.instance);
    put(instance, settlement);
    if (settlement.state != DeliveryState::delivered) continue;
    put_staged(instance, settlement.staged, settlement.settled_ms);
    if (settlement.key.replay == 0) continue;
    const auto live = instance.deliveries.find({settlement.key.seq, 0});
    if (live == instance.deliveries.end()) continue;
    const DeliveryState state = live->second.last.state;
    if (state != DeliveryState::dead && state != DeliveryState::dropped) continue;
    Settlement &letter = live->second.last;
    letter.state = DeliveryState::delivered;
    letter.verdict = settlement.verdict;
    letter.settled_ms = settlement.settled_ms;
    letter.took_ms = settlement.took_ms;
    letter.message = settlement.message;
  }
  for (const CursorMove &move : batch.cursors) {
    Seq &cursor = instances_.at(move.instance).cursor;
    cursor = std::max(cursor, move.cursor);
  }
  for (const InstanceWrite &write : batch.writes) {
    put_staged(instances_.at(write.instance), write.staged, write.written_ms);
  }
  return {};
}

void MemoryJournal::put(Instance &instance, const Settlement &settlement) {
  const Place place{settlement.key.seq, settlement.key.replay};
  Delivery &delivery = instance.deliveries[place];
  if (delivery.last.key.seq != 0) forget_waiting(instance, delivery.last);
  put_attempt(delivery, settlement);
  delivery.last = settlement;
  delivery.last.staged = {};
  delivery.last.exchanges.clear();
  if (!delivery.is_waiting()) return;
  instance.due.insert({settlement.due_ms, place});
  if (settlement.key.replay != 0) return;
  instance.waiting.insert(settlement.key.seq);
  instance.waiting_subject[settlement.subject].insert(settlement.key.seq);
}

void MemoryJournal::forget_waiting(Instance &instance, const Settlement &settlement) {
  instance.due.erase({settlement.due_ms, {settlement.key.seq, settlement.key.replay}});
  if (settlement.key.replay != 0) return;
  instance.waiting.erase(settlement.key.seq);
  const auto subject = instance.waiting_subject.find(settlement.subject);
  if (subject == instance.waiting_subject.end()) return;
  subject->second.erase(settlement.key.seq);
  if (subject->second.empty()) instance.waiting_subject.erase(subject);
}

Result<std::int64_t> MemoryJournal::replay(InstanceId instance, Seq seq) {
  std::int64_t replay = 0;
  {
    Lock lock(mutex_);
    if (is_due(append_failure_)) return append_failure_.error;
    const auto event = events_.find(seq);
    if (event == events_.end()) return Error{Kind::not_found, "replay: there is no event " + text_of(seq)};
    if (!is_known(instance)) return Error{Kind::not_found, "replay: there is no instance " + text_of(instance)};
    if (event->second.row.is_quarantined) {
      return Error{Kind::invalid,
                   "replay: event " + text_of(seq) + " is quarantined: " + event->second.row.quarantine_reason};
    }
    if (event->second.is_forgotten) {
      return Error{Kind::invalid, "replay: event " + text_of(seq) + " was forgotten on request"};
    }
    replay = put_asked(instance, event->second);
  }
  if (hint_) hint_();
  return replay;
}

std::int64_t MemoryJournal::put_asked(InstanceId instance, const Stored &stored) {
  Settlement asked;
  asked.key = {instance, stored.row.seq, ++replays_count_};
  asked.subject = stored.subject;
  asked.state = DeliveryState::waiting;
  put(instances_.at(instance), asked);
  return asked.key.replay;
}

Result<std::int64_t> MemoryJournal::replay_all(InstanceId instance, const std::vector<Seq> &seqs) {
  std::int64_t written_count = 0;
  {
    Lock lock(mutex_);
    if (is_due(append_failure_)) return append_failure_.error;
    if (seqs.size() > replays_max) return too_many_replays(seqs.size());
    const auto known = instances_.find(instance);
    if (known == instances_.end()) return Error{Kind::not_found, "replay: there is no instance " + text_of(instance)};
    for (const Seq seq : seqs) {
      const auto event = events_.find(seq);
      if (event == events_.end() || event->second.row.is_quarantined || event->second.is_forgotten) continue;
      const std::map<Place, Delivery> &deliveries = known->second.deliveries;
      bool is_asked = false;
      for (auto one = deliveries.lower_bound({seq, 1}); one != deliveries.end() && one->first.first == seq; ++one) {
        is_asked |= one->second.is_waiting();
      }
      if (is_asked) continue;
      put_asked(instance, event->second);
      ++written_count;
    }
  }
  if (written_count > 0 && hint_) hint_();
  return written_count;
}

Result<void> MemoryJournal::drop(InstanceId instance, Seq seq) {
  Lock lock(mutex_);
  if (is_due(append_failure_)) return append_failure_.error;
  const auto known = instances_.find(instance);
  if (known != instances_.end()) {
    const auto letter = known->second.deliveries.find({seq, 0});
    if (letter != known->second.deliveries.end() && letter->second.last.state == DeliveryState::dead) {
      letter->second.last.state = DeliveryState::dropped;
      return {};
    }
  }
  return no_dead_letter(instance, seq);
}

Result<OpenedInstance> MemoryJournal::open_instance(std::string_view name, Start start) {
  Lock lock(mutex_);
  if (is_due(append_failure_)) return append_failure_.error;
  for (auto &[id, instance] : instances_) {
    if (instance.name != name) continue;
    instance.is_parked = false;
    return OpenedInstance{id, instance.cursor, false, instance.token};
  }
  const InstanceId id = static_cast<InstanceId>(instances_.size()) + 1;
  Instance &instance = instances_[id];
  instance.name = name;
  instance.cursor = start == Start::now ? newest_ : 0;
  const Sha256 digest = sha256({"token of ", name});  // a secret in the product; here the same in every run
  instance.token = hex_of(digest.data(), 16);
  return OpenedInstance{id, instance.cursor, true, instance.token};
}

Result<void> MemoryJournal::park_instances_except(const std::vector<std::string> &names) {
  Lock lock(mutex_);
  if (is_due(append_failure_)) return append_failure_.error;
  for (auto &[id, instance] : instances_) {
    if (std::find(names.begin(), names.end(), instance.name) == names.end()) instance.is_parked = true;
  }
  return {};
}

// ---- delivery's reads -----------------------------------------------------------------------------------------------

bool MemoryJournal::is_known(InstanceId instance) const { return instances_.count(instance) != 0; }

Owed MemoryJournal::owed_now(InstanceId instance, const Stored &stored) const {
  Owed owed;
  owed.key = {instance, stored.row.seq, 0};
  owed.subject = stored.subject;
  owed.type = stored.row.type;
  owed.is_quarantined = stored.row.is_quarantined || stored.is_forgotten;
  return owed;
}

Result<std::vector<Owed>> MemoryJournal::owed(InstanceId instance, Seq after, int count_max) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  std::vector<Owed> found;
  const auto known = instances_.find(instance);
  for (auto event = events_.upper_bound(after); event != events_.end(); ++event) {
    if (static_cast<int>(found.size()) >= count_max) break;
    if (known != instances_.end() && known->second.deliveries.count({event->first, 0}) != 0) continue;
    found.push_back(owed_now(instance, event->second));
  }
  return found;
}

Result<std::vector<Owed>> MemoryJournal::owed_of_subject(InstanceId instance, SubjectKey subject, Seq after, Seq up_to,
                                                         int count_max) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  std::vector<Owed> found;
  const auto known = instances_.find(instance);
  const auto of_subject = subjects_.find(subject);
  if (of_subject == subjects_.end()) return found;
  for (const Seq seq : of_subject->second.seqs) {
    if (static_cast<int>(found.size()) >= count_max || seq > up_to) break;
    const auto event = events_.find(seq);
    if (seq <= after || event == events_.end()) continue;
    if (known != instances_.end() && known->second.deliveries.count({seq, 0}) != 0) continue;
    found.push_back(owed_now(instance, event->second));
  }
  return found;
}

Result<std::vector<Owed>> MemoryJournal::due(InstanceId instance, Milliseconds now_ms, int count_max) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  std::vector<Owed> found;
  const auto known = instances_.find(instance);
  if (known == instances_.end()) return found;
  for (const auto &[due_ms, place] : known->second.due) {
    if (due_ms > now_ms || static_cast<int>(found.size()) >= count_max) break;
    const Settlement &last = known->second.deliveries.at(place).last;
    const auto event = events_.find(place.first);
    Owed owed;
    owed.key = last.key;
    owed.subject = last.subject;
    if (event != events_.end()) owed.type = event->second.row.type;
    owed.attempts = last.attempts;
    owed.strikes = last.strikes;
    owed.first_ms = last.first_ms;
    owed.due_ms = last.due_ms;
    found.push_back(std::move(owed));
  }
  return found;
}

Result<std::optional<Milliseconds>> MemoryJournal::next_due(InstanceId instance, Milliseconds after_ms) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  const auto known = instances_.find(instance);
  if (known == instances_.end()) return std::optional<Milliseconds>();
  constexpr Place last{std::numeric_limits<Seq>::max(), std::numeric_limits<std::int64_t>::max()};
  const auto next = known->second.due.upper_bound({after_ms, last});
  if (next == known->second.due.end()) return std::optional<Milliseconds>();
  return std::optional<Milliseconds>(next->first);
}

Result<bool> MemoryJournal::is_waiting(InstanceId instance, SubjectKey subject) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  const auto known = instances_.find(instance);
  return known != instances_.end() && known->second.waiting_subject.count(subject) != 0;
}

Result<std::optional<Seq>> MemoryJournal::first_waiting(InstanceId instance) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  const auto known = instances_.find(instance);
  if (known == instances_.end() || known->second.waiting.empty()) return std::optional<Seq>();
  return std::optional<Seq>(*known->second.waiting.begin());
}

Result<StoredEvent> MemoryJournal::load(Seq seq) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  const auto event = events_.find(seq);
  if (event == events_.end()) return Error{Kind::not_found, "load: there is no event " + text_of(seq)};
  const Stored &stored = event->second;
  if (!stored.is_intact) {
    return Error{Kind::corrupt, "load: event " + text_of(seq) + " is not what was written (its checksum differs)"};
  }
  if (stored.is_forgotten) {
    return Error{Kind::not_found, "load: event " + text_of(seq) + " was forgotten on request"};
  }
  const EventRow &row = stored.row;
  StoredEvent loaded;
  loaded.event = {row.id, row.type, row.subject, row.time_ms, row.received_ms, row.is_test, stored.json};
  loaded.seq = seq;
  loaded.is_late = row.is_late;
  const auto subject = subjects_.find(stored.subject);
  loaded.is_superseded = !row.is_quarantined && subject != subjects_.end() && subject->second.newest_ms > row.time_ms;
  loaded.body = stored.body;
  return loaded;
}

Seq MemoryJournal::newest() const {
  Lock lock(mutex_);
  return newest_;
}

}  // namespace bellhop::core
