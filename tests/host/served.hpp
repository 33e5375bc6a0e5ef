// SPDX-License-Identifier: Apache-2.0
// Served: a stage whose plugin has services, on a desk without journal and network. The plugin
// (tests/host/plugins/serving.cpp) does the steps that its event names.
#pragma once

#include <bellhop/plugin.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/stage.hpp"
#include "support/scripted_desk.hpp"

namespace bellhop::core {

inline std::string steps(const std::string &list, const std::string &verdict = "ok") {
  return R"({"steps":[)" + list + R"(],"verdict":")" + verdict + "\"}";
}

inline Question asking(Question::What what, std::string command = "", std::string arguments = "{}") {
  return {what, std::move(command), std::move(arguments), 5000};
}

class Served : public testing::TestWithParam<Hosting> {
 protected:
  void begin(const std::string &settings = "{}", const std::string &library = "host_serving") {
    stage_.emplace(GetParam(), library, settings);
    stage_->desk = &desk_;
    stage_->start();
  }
  Stage &stage() { return *stage_; }
  // Delivers, and settles as the engine does.
  std::string say(const std::string &list, const std::string &verdict = "ok") {
    const Report report = hear(steps(list, verdict));
    desk_.apply(report.staged);
    return report.answers.at(0).message;
  }
  // Delivers one document, and settles nothing.
  Report hear(const std::string &document) { return stage_->deliver(std::vector<std::string>{document}); }
  ScriptedDesk desk_;

 private:
  std::optional<Stage> stage_;  // gone before the desk
};

}  // namespace bellhop::core
