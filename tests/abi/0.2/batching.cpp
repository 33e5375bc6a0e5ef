// SPDX-License-Identifier: Apache-2.0
// Has the batch extension. {"do":"fail"} gives one event its own verdict; "spoil" fails the whole batch, "miscount"
// gives one verdict too few.
#include <bellhop/plugin.hpp>

#include <stdexcept>

namespace {

using bellhop::Verdict;

class Batching : public bellhop::BatchPlugin {
 public:
  using BatchPlugin::BatchPlugin;
  static bellhop::Manifest manifest() {
    return bellhop::Manifest("batching", "1.0.0", "Takes many at once").singleton();
  }

  std::vector<Verdict> deliver_batch(const bellhop::Batch &batch) override {
    std::vector<Verdict> verdicts;
    for (std::size_t index = 0; index < batch.size(); ++index) {
      const bellhop::Event event = batch[index];
      const std::string what = event["/do"].str();
      if (what == "spoil") throw std::runtime_error("the transaction was rolled back");
      if (what == "miscount") continue;
      verdicts.push_back(what == "fail"
                             ? Verdict::fail("this one is wrong")
                             : Verdict::ok(std::string(event.subject()) + " of " + std::to_string(batch.size()) +
                                           ", behind it " + std::to_string(batch.backlog_count())));
    }
    return verdicts;
  }
};

}  // namespace

BELLHOP_PLUGIN(Batching)
