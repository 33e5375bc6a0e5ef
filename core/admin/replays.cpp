// SPDX-License-Identifier: Apache-2.0
// Replays: one event, or a range of them, delivered once more because a person asks. A replay is a row in the journal
// that delivery finds by itself; it is marked, and waits its turn behind the live events of its subject.
//
// A range is worked through page by page, at most pages_max of them in one request, so that neither the request nor the
// journal's writer is busy for long; `next` says where the caller goes on. Of a range each instance gets only what its
// filter wants: a person who asks for a week of bookings means the bookings that this instance is there for. One event
// and one instance named is another matter: then the person has decided.
#include <algorithm>
#include <limits>

#include "admin/answers.hpp"
#include "admin/pages.hpp"
#include "admin/request.hpp"
#include "event/filter.hpp"

namespace bellhop::core {
namespace {

constexpr int pages_max = 10;              // of one request; a page looks at select_rows_max events at most
constexpr std::size_t listed_max = 1'000;  // events in the answer to a preview

// ---- one event ------------------------------------------------------------------------------------------------------

bool has_given_up(const std::vector<DeliveryRow> &deliveries, InstanceId instance) {
  return std::any_of(deliveries.begin(), deliveries.end(), [instance](const DeliveryRow &row) {
    return row.key.instance == instance && row.key.replay == 0 && row.state == DeliveryState::dead;
  });
}

// The instances that the replay of one event is for.
//   errors    not_found, conflict: nobody to replay to, with what there is
Result<std::vector<InstanceRow>> audience(const AdminRooms &rooms, const EventRow &event, const ReplayOrder &order) {
  const auto rows = rooms.inspect.instances();
  if (!rows) return rows.error();
  const auto deliveries = rooms.inspect.deliveries_of(event.seq);
  if (!deliveries) return deliveries.error();
  std::vector<InstanceRow> offered, wanting;
  std::vector<std::string> names;
  if (!order.instance.empty()) {
    const auto named = configured_instance(rooms, order.instance);
    if (!named) return named.error();
    if (!order.is_only_dead || has_given_up(*deliveries, named->id)) return std::vector<InstanceRow>{*named};
    return Error{Kind::conflict, "event " + event_label(event) + " is no dead letter of " + order.instance};
  }
  const auto controls = rooms.control.instances();  // the views below point into it
  for (const auto &[configured, row] : join_instances(controls, *rows)) {
    if (row == nullptr || configured == nullptr) continue;
    names.push_back(row->name);
    const auto filter = Filter::parse(configured->events);
    if (filter && filter->matches(event.type)) wanting.push_back(*row);
    const bool is_offered = std::any_of(deliveries->begin(), deliveries->end(),
                                        [id = row->id](const DeliveryRow &d) { return d.key.instance == id; });
    if (is_offered && (!order.is_only_dead || has_given_up(*deliveries, row->id))) offered.push_back(*row);
  }
  if (names.empty()) return Error{Kind::not_found, "no instance is configured: there is nobody to replay to"};
  if (!offered.empty()) return offered;
  if (order.is_only_dead) {
    return Error{Kind::conflict, "event " + event_label(event) + " is no dead letter of any configured instance"};
  }
  if (!wanting.empty()) return wanting;
  return Error{Kind::conflict, "no instance has been offered " + event_label(event) + " and no filter wants type \"" +
                                   event.type + "\"; name the instance to replay to; configured: " + in_list(names)};
}

std::optional<HttpAnswer> undeliverable(const EventDetail &detail) {
  const EventRow &event = detail.row;
  if (event.is_forgotten) {
    return problem(409, "event " + event_label(event) + " was forgotten on request: there is nothing left to deliver");
  }
  if (event.is_quarantined) {
    return problem(409, "event " + event_label(event) + " is quarantined (" + event.quarantine_reason +
                            "): it has no document to deliver; it is read again after an upgrade");
  }
  if (detail.is_intact) return std::nullopt;
  return problem(409, "event " + event_label(event) + " is damaged: its checksum does not fit, so it is not delivered");
}

HttpAnswer replay_event(const AdminRooms &rooms, const ReplayOrder &order) {
  const auto detail = rooms.inspect.event(order.event);
  if (!detail) return refusal(detail.error());
  if (auto refused = undeliverable(*detail)) return *std::move(refused);
  const EventRow &event = detail->row;
  const auto instances = audience(rooms, event, order);
  if (!instances) return refusal(instances.error());
  JsonWriter replays;
  replays.open('[');
  for (const InstanceRow &instance : *instances) {
    const auto id = rooms.journal.replay(instance.id, event.seq);
    if (!id) {
      replays.close(']');
      return problem(status_of(id.error().kind), "replay to " + instance.name + ": " + id.error().sentence,
                     "\"replays\":" + replays.take());  // those that were made before it
    }
    replays.open('{').key("instance").text(instance.name).key("replay").number(*id).close('}');
    rooms.log.info("admin",
                   "replay " + std::to_string(*id) + " of event " + event_label(event) + " to " + instance.name);
  }
  replays.close(']');
  JsonWriter json;
  json.open('{').key("seq").number(event.seq).key("id").text(event.id.text()).key("type").text(event.type);
  json.key("replays").raw(replays.take()).close('}');
  return json_answer(json);
}

// ---- a range --------------------------------------------------------------------------------------------------------

struct Reader {  // an instance that a range goes to
  InstanceRow row;
  Filter filter;
  std::int64_t events_count = 0;    // of the range that its filter wants
  std::int64_t unwanted_count = 0;  // that it does not
  std::int64_t replays_count = 0;   // written; of a preview: that would be
};

Result<std::vector<Reader>> readers_of(const AdminRooms &rooms, const std::string &name) {
  if (!name.empty()) {
    if (const auto named = configured_instance(rooms, name); !named) return named.error();
  }
  const auto rows = rooms.inspect.instances();
  if (!rows) return rows.error();
  const auto controls = rooms.control.instances();  // the views below point into it
  std::vector<Reader> readers;
  for (const auto &[configured, row] : join_instances(controls, *rows)) {
    if (row == nullptr || configured == nullptr || (!name.empty() && row->name != name)) continue;
    const auto filter = Filter::parse(configured->events);
    if (!filter) return filter.error();
    readers.push_back({*row, *filter});
  }
  if (!readers.empty()) return readers;
  return Error{Kind::not_found, "no instance is configured: there is nobody to replay to"};
}

// The heads of these events, by seq. The list is ascending.
Result<std::vector<EventRow>> heads_of(Inspect &inspect, const std::vector<Seq> &seqs) {
  std::vector<EventRow> heads;
  if (seqs.empty()) return heads;
  EventQuery query;
  query.after = seqs.front() - 1;
  query.before = seqs.back() + 1;
  query.count_max = inspect_rows_max;
  for (;;) {
    const auto rows = inspect.events(query);
    if (!rows) return rows.error();
    for (const EventRow &row : *rows) {
      if (std::binary_search(seqs.begin(), seqs.end(), row.seq)) heads.push_back(row);
    }
    if (static_cast<int>(rows->size()) < query.count_max) break;
    query.before = rows->back().seq;
  }
  std::reverse(heads.begin(), heads.end());
  return heads;
}

class RangeReplay {
 public:
  RangeReplay(const AdminRooms &rooms, const ReplayOrder &order, std::vector<Reader> readers)
      : rooms_(rooms), order_(order), readers_(std::move(readers)), after_(order.after) {}

  HttpAnswer answer() {
    for (int page = 0; page < pages_max && !is_last_; ++page) {
      if (const Result<void> done = one_page(); !done) {
        tell();
        return problem(status_of(done.error().kind), done.error().sentence, "\"next\":" + std::to_string(after_));
      }
    }
    tell();
    JsonWriter json;
    json.open('{').key("preview").boolean(order_.is_preview).key("newest").number(rooms_.journal.newest());
    json.key("next");
    if (is_last_) {
      json.null();
    } else {
      json.number(after_);
    }
    write_readers(json);
    if (order_.is_preview) write_listed(json);
    json.close('}');
    return json_answer(json);
  }

 private:
  struct Page {
    std::vector<std::vector<Seq>> seqs;  // one list for each reader
    Seq after = 0;
    bool is_last = true;
  };

  // Of dead letters each reader has its own list, so the lists end at different places: the page ends at the first.
  Result<Page> select() {
    constexpr int count_max = static_cast<int>(Journal::replays_max);
    Page page;
    page.after = std::numeric_limits<Seq>::max();
    for (const Reader &reader : readers_) {
      if (!order_.is_only_dead && !page.seqs.empty()) {
        page.seqs.push_back(page.seqs.front());
        continue;
      }
      SeqQuery query = order_.range;
      if (order_.is_only_dead) query.dead_of = reader.row.id;
      const auto found = rooms_.inspect.select_seqs(query, after_, count_max);
      if (!found) return found.error();
      if (!found->is_last) {
        page.is_last = false;
        page.after = std::min(page.after, found->after);
      }
      page.seqs.push_back(found->seqs);
    }
    for (std::vector<Seq> &seqs : page.seqs) {
      seqs.erase(std::upper_bound(seqs.begin(), seqs.end(), page.after), seqs.end());
    }
    return page;
  }

  Result<void> one_page() {
    const auto page = select();
    if (!page) return page.error();
    std::vector<EventRow> heads;
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      if (i == 0 || order_.is_only_dead) {
        auto read = heads_of(rooms_.inspect, page->seqs[i]);
        if (!read) return read.error();
        heads = std::move(*read);
        list(heads);
      }
      if (const Result<void> done = replay(readers_[i], heads); !done) return done;
    }
    is_last_ = page->is_last;
    if (!is_last_) after_ = page->after;
    return {};
  }

  Result<void> replay(Reader &reader, const std::vector<EventRow> &heads) {
    std::vector<Seq> wanted;
    for (const EventRow &head : heads) {
      if (reader.filter.matches(head.type)) wanted.push_back(head.seq);
    }
    std::int64_t written_count = static_cast<std::int64_t>(wanted.size());
    if (!order_.is_preview && !wanted.empty()) {
      const auto written = rooms_.journal.replay_all(reader.row.id, wanted);
      if (!written)
        return Error{written.error().kind, "replay to " + reader.row.name + ": " + written.error().sentence};
      written_count = *written;
    }
    reader.events_count += static_cast<std::int64_t>(wanted.size());
    reader.unwanted_count += static_cast<std::int64_t>(heads.size() - wanted.size());
    reader.replays_count += written_count;
    return {};
  }

  void list(const std::vector<EventRow> &heads) {
    if (!order_.is_preview) return;
    for (const EventRow &head : heads) {
      const auto place = std::lower_bound(listed_.begin(), listed_.end(), head.seq,
                                          [](const EventRow &row, Seq seq) { return row.seq < seq; });
      const bool is_listed = place != listed_.end() && place->seq == head.seq;
      if (!is_listed && listed_.size() < listed_max) listed_.insert(place, head);
    }
  }

  void tell() const {
    for (const Reader &reader : readers_) {
      if (order_.is_preview || reader.replays_count == 0) continue;
      rooms_.log.info("admin", "replay of " + std::to_string(reader.replays_count) + " events to " + reader.row.name);
    }
  }

  void write_readers(JsonWriter &json) const {
    json.key("instances").open('[');
    for (const Reader &reader : readers_) {
      json.open('{').key("instance").text(reader.row.name).key("events").number(reader.events_count);
      json.key("replays").number(reader.replays_count);
      // Why one of them was skipped: a replay of it waits already, or it went away meanwhile.
      json.key("waiting").number(reader.events_count - reader.replays_count);
      json.key("unwanted").number(reader.unwanted_count).close('}');
    }
    json.close(']');
  }

  void write_listed(JsonWriter &json) const {
    json.key("events").open('[');
    for (const EventRow &row : listed_) {
      json.open('{');
      write_event_row(json, row);
      json.close('}');
    }
    json.close(']');
  }

  const AdminRooms &rooms_;
  const ReplayOrder &order_;
  std::vector<Reader> readers_;
  std::vector<EventRow> listed_;  // ascending
  Seq after_ = 0;
  bool is_last_ = false;
};

}  // namespace

HttpAnswer replay_page(const AdminRooms &rooms, const HttpRequest &request) {
  const auto order = parse_replay(request.body);
  if (!order) return refusal(order.error());
  if (!order->event.empty()) return replay_event(rooms, *order);
  auto readers = readers_of(rooms, order->instance);
  if (!readers) return refusal(readers.error());
  return RangeReplay(rooms, *order, std::move(*readers)).answer();
}

}  // namespace bellhop::core
