// SPDX-License-Identifier: Apache-2.0
// The desk over a journal in memory and the real egress, which talks to a server on loopback.
#include "services/services.hpp"

#include <gtest/gtest.h>

#include <future>

#include "base/mutex.hpp"
#include "http/server.hpp"
#include "journal/memory_journal.hpp"
#include "support/exposition.hpp"

namespace bellhop::core {
namespace {

constexpr std::chrono::seconds patience{10};

// What a call is answered with, however many threads that takes.
template <class T>
class Awaited {
 public:
  std::function<void(T)> done() {
    return [promise = promise_](T value) { promise->set_value(std::move(value)); };
  }
  T value() {
    EXPECT_EQ(future_.wait_for(patience), std::future_status::ready);
    return future_.get();
  }

 private:
  std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
  std::future<T> future_ = promise_->get_future();
};

class ServicesTest : public testing::Test {
 protected:
  ServicesTest() {
    server_ = HttpServer::open(
                  "127.0.0.1:0", {}, [](const HttpRequest &) { return std::nullopt; },
                  [this](const HttpRequest &request) { return answer(request); }, clock_, log_)
                  .value();
    server_->start();
    egress_ = Egress::open({}, clock_, log_).value();
    std::vector<Served> served;
    std::vector<Shelf> shelves;
    for (const char *name : {"crm", "slack"}) {
      const OpenedInstance opened = *journal_.open_instance(name, Start::now);
      EgressRules rules;
      if (std::string(name) == "crm") rules.destinations.push_back(url("/"));
      served.push_back({name, opened.id, std::make_shared<const EgressPolicy>(*EgressPolicy::parse(rules))});
      shelves.push_back({name, opened.id, opened.token});
    }
    publications_ = std::make_unique<Publications>(journal_, metrics_, clock_, shelves);
    publications_->set_base_url("https://hooks.example.org");
    services_ = std::make_unique<Services>(journal_, *egress_, *publications_, metrics_, clock_, std::move(served));
  }
  ~ServicesTest() override {
    services_.reset();
    egress_.reset();
    server_->stop(0);
  }

  HttpAnswer answer(const HttpRequest &request) {
    Lock lock(mutex_);
    requests_.push_back(request);
    HttpAnswer out;
    out.status = 201;
    out.body = "made";
    return out;
  }
  std::string url(const std::string &path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  HttpReply post(const Caller &caller, const std::string &to) {
    Awaited<HttpReply> reply;
    HttpCall call;
    call.method = "POST";
    call.url = to;
    call.body = "hello";
    services_->http(caller, std::move(call), reply.done());
    return reply.value();
  }
  Result<std::optional<std::string>> get(const Caller &caller, const std::string &key) {
    Awaited<Result<std::optional<std::string>>> entry;
    services_->kv_get(caller, key, entry.done());
    return entry.value();
  }
  Result<void> write(const Caller &caller, Staged staged) {
    Awaited<Result<void>> written;
    services_->write(caller, std::move(staged), written.done());
    return written.value();
  }
  test::Exposition page() const { return test::Exposition(metrics_.text({})); }

  const Caller crm_{"crm", 0}, slack_{"slack", 1}, nobody_{"nobody", 0};
  SystemClock clock_;
  Log log_{[](Level, std::string_view) {}};
  Metrics metrics_{"1"};
  MemoryJournal journal_;
  Mutex mutex_;
  std::vector<HttpRequest> requests_ GUARDED_BY(mutex_);
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<Egress> egress_;
  std::unique_ptr<Publications> publications_;
  std::unique_ptr<Services> services_;
};

TEST_F(ServicesTest, a_call_to_a_destination_of_the_settings_arrives_and_is_counted) {
  const HttpReply reply = post(crm_, url("/contacts"));

  EXPECT_EQ(reply.failure, HttpFailure::none) << reply.sentence;
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "made");
  Lock lock(mutex_);
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].method, "POST");
  EXPECT_EQ(requests_[0].path, "/contacts");
  EXPECT_EQ(requests_[0].body, "hello");
  EXPECT_EQ(page().value("bellhop_egress_requests_total", {{"instance", "crm"}, {"status", "2xx"}}), 1);
}

TEST_F(ServicesTest, one_instances_destination_is_not_its_neighbours) {
  const HttpReply denied = post(slack_, url("/contacts"));
  const HttpReply stranger = post(nobody_, url("/contacts"));

  EXPECT_EQ(denied.failure, HttpFailure::denied);
  EXPECT_NE(denied.sentence.find("slack"), std::string::npos) << denied.sentence;
  EXPECT_EQ(stranger.failure, HttpFailure::denied);
  Lock lock(mutex_);
  EXPECT_TRUE(requests_.empty());
  EXPECT_EQ(page().value("bellhop_egress_requests_total", {{"instance", "slack"}, {"status", "denied"}}), 1);
}

TEST_F(ServicesTest, what_was_written_is_there_when_done_is_called_and_only_for_its_instance) {
  ASSERT_TRUE(write(crm_, {{{"contact/7", "{\"id\":7}"}}, {}}).ok());

  EXPECT_EQ(*get(crm_, "contact/7"), "{\"id\":7}");
  EXPECT_EQ(*get(crm_, "contact/8"), std::nullopt);
  EXPECT_EQ(*get(slack_, "contact/7"), std::nullopt);
  ASSERT_TRUE(write(crm_, {{{"contact/7", std::nullopt}}, {}}).ok());
  EXPECT_EQ(*get(crm_, "contact/7"), std::nullopt);
}

TEST_F(ServicesTest, entries_are_listed_by_prefix_and_in_pages) {
  ASSERT_TRUE(write(crm_, {{{"a/1", "x"}, {"a/2", "y"}, {"a/3", "z"}, {"b/1", "-"}}, {}}).ok());
  Awaited<Result<KvEntries>> first, rest;

  services_->kv_list(crm_, "a/", "", 2, first.done());
  services_->kv_list(crm_, "a/", "a/2", 1'000'000, rest.done());

  EXPECT_EQ(*first.value(), (KvEntries{{"a/1", "x"}, {"a/2", "y"}}));
  EXPECT_EQ(*rest.value(), (KvEntries{{"a/3", "z"}}));
}

TEST_F(ServicesTest, a_document_that_was_written_is_served_under_the_instances_url) {
  ASSERT_TRUE(write(crm_, {{}, {{"feed.ics", "text/calendar", "BEGIN"}}}).ok());

  const std::string address = services_->public_url(crm_);
  const std::string base = "https://hooks.example.org";
  ASSERT_EQ(address.rfind(base + "/pub/", 0), 0U) << address;
  HttpRequest head;
  head.method = "GET";
  head.path = address.substr(base.size()) + "feed.ics";
  EXPECT_EQ(publications_->on_head(head)->body, "BEGIN");
  EXPECT_NE(services_->public_url(slack_), address);
  EXPECT_EQ(services_->public_url(nobody_), "");
}

TEST_F(ServicesTest, a_full_instance_is_told_that_it_is_full_and_not_that_its_value_is_too_large) {
  SettleBatch fill;
  fill.writes.push_back({journal_.instances().value().front().id, {}, 0});
  for (int i = 0; i < 255; ++i) {
    fill.writes[0].staged.kv.push_back({"key" + std::to_string(i), std::string(kv_value_bytes_max, 'v')});
  }
  journal_.settle(std::move(fill), [](const Result<void> &result) { ASSERT_TRUE(result.ok()); });

  const Result<void> refused = write(crm_, {{{"one more", std::string(kv_value_bytes_max, 'v')}}, {}});

  EXPECT_EQ(refused.error().kind, Kind::full);  // BHP_E_FULL to the plugin, as every other quota
  EXPECT_EQ(*get(crm_, "one more"), std::nullopt);
}

TEST_F(ServicesTest, what_is_over_a_limit_is_refused_in_a_sentence_and_changes_nothing) {
  ASSERT_TRUE(write(crm_, {{{"key", "before"}}, {}}).ok());

  const Result<void> large = write(crm_, {{{"key", std::string(kv_value_bytes_max + 1, 'x')}}, {}});
  const Result<void> nameless = write(crm_, {{{"", "x"}}, {}});
  const Result<void> stranger = write(nobody_, {{{"key", "x"}}, {}});

  EXPECT_EQ(large.error().kind, Kind::too_large);
  EXPECT_NE(large.error().sentence.find(std::to_string(kv_value_bytes_max)), std::string::npos);
  EXPECT_EQ(nameless.error().kind, Kind::invalid);
  EXPECT_EQ(stranger.error().kind, Kind::not_found);
  EXPECT_EQ(*get(crm_, "key"), "before");
  EXPECT_EQ(page().value("bellhop_service_calls_total", {{"instance", "crm"}, {"call", "write"}, {"result", "error"}}),
            2);
}

TEST_F(ServicesTest, an_instance_keeps_no_more_than_its_quota) {
  const std::string value(kv_value_bytes_max, 'x');
  Result<void> written;
  std::size_t bytes = 0;

  for (int i = 0; written.ok() && i < 1'000; ++i) {
    written = write(crm_, {{{"key" + std::to_string(i), value}}, {}});
    if (written.ok()) bytes += value.size();
  }

  ASSERT_FALSE(written.ok());
  EXPECT_LE(bytes, 64U << 20);
  EXPECT_GT(bytes, 60U << 20);
  EXPECT_NE(written.error().sentence.find("limit"), std::string::npos) << written.error().sentence;
  EXPECT_TRUE(write(slack_, {{{"key", value}}, {}}).ok());
  EXPECT_TRUE(write(crm_, {{{"key0", std::nullopt}}, {}}).ok());  // what makes room is never refused
  EXPECT_TRUE(write(crm_, {{{"again", value}}, {}}).ok());
}

TEST_F(ServicesTest, every_call_is_answered_when_the_daemon_stops) {
  std::vector<Awaited<Result<std::optional<std::string>>>> entries(100);
  for (auto &entry : entries) services_->kv_get(crm_, "key", entry.done());

  services_.reset();

  for (auto &entry : entries) EXPECT_TRUE(entry.value().ok());
}

TEST_F(ServicesTest, a_disk_that_stands_still_refuses_calls_and_blocks_nobody) {
  std::promise<void> began, gate;
  services_->kv_get(crm_, "key", [&](const auto &) {  // stands for a read that does not come back
    began.set_value();
    gate.get_future().wait();
  });
  began.get_future().wait();

  std::vector<Awaited<Result<KvEntries>>> queued(Services::reads_max);
  for (auto &call : queued) services_->kv_list(crm_, "", "", 1, call.done());
  Awaited<Result<KvEntries>> refused;
  services_->kv_list(crm_, "", "", 1, refused.done());

  EXPECT_EQ(refused.value().error().kind, Kind::unavailable);
  gate.set_value();
  for (auto &call : queued) EXPECT_TRUE(call.value().ok());
}

}  // namespace
}  // namespace bellhop::core
