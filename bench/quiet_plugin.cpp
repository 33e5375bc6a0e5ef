// SPDX-License-Identifier: Apache-2.0
// The plugin of bench/host_bench.cpp: reads one field, like every plugin must, and is done.
#include <bellhop/plugin.hpp>

namespace {

class Quiet : public bellhop::BatchPlugin {
 public:
  using BatchPlugin::BatchPlugin;
  static bellhop::Manifest manifest() { return {"quiet", "1.0.0", "Reads one field"}; }

  std::vector<bellhop::Verdict> deliver_batch(const bellhop::Batch &batch) override {
    std::vector<bellhop::Verdict> verdicts;
    for (std::size_t index = 0; index < batch.size(); ++index) {
      const bool is_there = !batch[index]["/data/booking/id"].text().empty();
      verdicts.push_back(is_there ? bellhop::Verdict::ok() : bellhop::Verdict::fail("no id"));
    }
    return verdicts;
  }
};

}  // namespace

BELLHOP_PLUGIN(Quiet)
