// SPDX-License-Identifier: Apache-2.0
// RunningPrism: Stoplight's prism as judge of requests. It knows an OpenAPI description of tests/interop/openapi, and
// refuses what does not conform: mocking, it answers the description's examples; before a vendor of ours, it hands on
// what is right, and judges the vendor's answers too.
#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "interop/npm_folder.hpp"
#include "interop/served_program.hpp"

namespace bellhop::test::interop {

class RunningPrism {
 public:
  explicit RunningPrism(const std::string &description, const std::string &vendor_url = "")
      : program_(command(description, vendor_url), port_, directory_.path() / "prism.log") {}

  bool is_ready() const { return program_.is_ready(); }
  std::string said() const { return program_.said(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // A request of the test's own: prism's answer with its head, whose sl-violations says why, and the status.
  std::string ask(const std::vector<std::string> &arguments, const std::string &path) const {
    std::vector<std::string> curl{"curl", "-sS", "-i", "--max-time", "30", "-w", "\n%{http_code}"};
    curl.insert(curl.end(), arguments.begin(), arguments.end());
    curl.push_back(url() + path);
    return run(curl, directory_.path()).output;
  }
  // What prism found wrong so far. It is asked for a path that is not there first: what it says of this comes after all
  // the rest, and shows that complaints are seen here. It answers before it writes, so it may have to be asked again.
  std::vector<std::string> complaints() const {
    const std::string mark = nowhere + std::to_string(++marks_count_);
    const std::string last = mark + " " + cross;
    for (int asked = 0; asked < asked_max && said().find(last) == std::string::npos; ++asked) ask({}, mark);
    std::vector<std::string> found;
    std::istringstream lines(said());
    for (std::string line; std::getline(lines, line);) {
      if (line.find(last) != line.npos && line.find("NO_PATH_MATCHED") != line.npos) return found;
      const bool is_bad = line.find(cross) != line.npos || line.find(warning) != line.npos;
      if (is_bad && line.find(nowhere) == line.npos) found.push_back(line);
    }
    found.emplace_back("prism did not complain of a path that is not there");
    return found;
  }
  // Has it taken a request of this kind, as "post /crm/v3/objects/meetings"?
  bool has_taken(const std::string &request) const {
    return said().find(request + " ") != std::string::npos;  // its method, its path, a sign
  }

 private:
  std::vector<std::string> command(const std::string &description, const std::string &vendor_url) const {
    const std::string file = BELLHOP_SOURCE_DIR "/tests/interop/openapi/" + description;
    std::vector<std::string> out{npm_folder().node(), npm_folder().module("@stoplight/prism-cli/dist/index.js"),
                                 vendor_url.empty() ? "mock" : "proxy", file};
    if (!vendor_url.empty()) out.push_back(vendor_url);
    for (const std::string &option : {std::string("--errors"), std::string("-h"), std::string("127.0.0.1"),
                                      std::string("-p"), std::to_string(port_)}) {
      out.push_back(option);
    }
    return out;
  }

  inline static const std::string nowhere = "/nothing-is-here-", cross = "\xE2\x9C\x96", warning = "\xE2\x9A\xA0";
  static constexpr int asked_max = 200;
  mutable int marks_count_ = 0;
  const TemporaryDirectory directory_{"interop"};
  const int port_ = free_port();
  const ServedProgram program_;
};

}  // namespace bellhop::test::interop
