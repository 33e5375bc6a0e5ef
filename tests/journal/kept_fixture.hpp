// SPDX-License-Identifier: Apache-2.0
// KeptContract: a journal of either kind with two instances and some events, for the tests of what instances keep.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fault_vfs.hpp"
#include "fixtures.hpp"
#include "journal/kept.hpp"
#include "journal/memory_journal.hpp"

namespace bellhop::core {

class KeptContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "memory") {
      journal_ = &memory_;
      inspect_ = &memory_;
    } else {
      sqlite_.options.vfs = FaultVfs::name;  // what is kept on a disk is for other tests: syncs cost nothing here
      const Result<void> opened = sqlite_.open();
      ASSERT_TRUE(opened.ok()) << opened.error().sentence;
      journal_ = sqlite_.journal.get();
      inspect_ = sqlite_.journal.get();
    }
    crm_ = journal().open_instance("crm", Start::beginning)->id;
    slack_ = journal().open_instance("slack", Start::beginning)->id;
  }
  // The journal must be sound whatever the test did.
  void TearDown() override { EXPECT_EQ(text_of(inspect().verify()->findings), ""); }

  Journal &journal() { return *journal_; }
  Inspect &inspect() { return *inspect_; }

  Seq put(int number, const std::string &type = "booking.confirmed", Milliseconds received_ms = 5'000) {
    Webhook webhook(number, "booking/1", 1'000, received_ms);
    webhook.event.type = type;
    return journal().append(webhook.incoming()).value().seq;
  }
  void settle(const Settlement &one) {
    const Result<void> settled = settle_now(journal(), one);
    ASSERT_TRUE(settled.ok()) << settled.error().sentence;
  }
  void write(InstanceId instance, const Staged &staged, Milliseconds written_ms = 9'000) {
    const Result<void> settled = settle_batch(journal(), {{}, {}, {{instance, staged, written_ms}}});
    ASSERT_TRUE(settled.ok()) << settled.error().sentence;
  }
  std::string get(InstanceId instance, const std::string &key) {
    const Result<std::optional<std::string>> value = journal().kv_get(instance, key);
    return !value.ok() ? "error: " + value.error().sentence : value->value_or("none");
  }
  std::string keys(const std::string &prefix = "", const std::string &after = "", int count_max = 100) {
    std::string found;
    for (const auto &[key, value] : journal().kv_list(crm_, prefix, after, count_max).value()) {
      (found += key + "=" + value) += ' ';
    }
    return found;
  }
  std::vector<std::string> attempts(Seq seq) {
    std::vector<std::string> found;
    for (const AttemptRow &row : inspect().attempts_of(seq).value()) {
      found.push_back(row.instance_name + (row.key.replay != 0 ? " replay " : " ") + std::to_string(row.number) + " " +
                      std::string(text_of(row.verdict)) + " " + std::string(text_of(row.state)) + ": " + row.message +
                      row.exchanges);
    }
    return found;
  }
  std::vector<Seq> selected(const SeqQuery &query, int count_max = 100) {
    std::vector<Seq> found;
    for (SeqPage page; !page.is_last;) {
      page = inspect().select_seqs(query, page.after, count_max).value();
      EXPECT_LE(static_cast<int>(page.seqs.size()), count_max);
      found.insert(found.end(), page.seqs.begin(), page.seqs.end());
    }
    return found;
  }
  static Settlement with(Settlement one, Verdict verdict, int attempts, const std::string &message,
                         const std::string &exchanges = "") {
    one.verdict = verdict;
    one.attempts = attempts;
    one.message = message;
    one.exchanges = exchanges;
    return one;
  }

  InstanceId crm_ = 0, slack_ = 0;
  MemoryJournal memory_;

 private:
  FaultVfs vfs_;
  SqliteFixture sqlite_;
  Journal *journal_ = nullptr;
  Inspect *inspect_ = nullptr;
};

}  // namespace bellhop::core
