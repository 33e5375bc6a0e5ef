// SPDX-License-Identifier: Apache-2.0
#include "cli/check.hpp"

#include <algorithm>
#include <tuple>

#include "base/log.hpp"
#include "cli/exit_code.hpp"
#include "daemon/plans.hpp"
#include "event/event_json.hpp"

namespace bellhop::core {
namespace {

std::string counted(std::size_t count, const std::string &noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

template <class Named>
std::string names_of(const std::vector<Named> &all) {
  std::string out;
  for (const Named &one : all) out += (out.empty() ? " (" : ", ") + one.name;
  return out.empty() ? out : out + ")";
}

void append_findings(std::string &json, const char *key, const std::vector<Finding> &findings) {
  json += std::string("\"") + key + "\":[";
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Finding &finding = findings[i];
    json += i == 0 ? "{\"file\":" : ",{\"file\":";
    append_json_string(json, finding.at.file);
    json += ",\"line\":" + std::to_string(finding.at.line) + ",\"column\":" + std::to_string(finding.at.column);
    json += ",\"sentence\":";
    append_json_string(json, finding.sentence);
    json += '}';
  }
  json += ']';
}

void print_json(const Loaded &loaded, const Screen &screen) {
  std::string json = std::string("{\"ok\":") + (loaded.errors.empty() ? "true" : "false") + ',';
  append_findings(json, "errors", loaded.errors);
  json += ',';
  append_findings(json, "warnings", loaded.warnings);
  screen.out << json << "}\n";
}

// What the plugins say of themselves and of their settings; children ask them.
void add_plugins_word(Loaded &loaded, const Surroundings &surroundings) {
  const Plans plans = make_plans(loaded.config, surroundings, PlanDepth::check);
  loaded.errors.insert(loaded.errors.end(), plans.errors.begin(), plans.errors.end());
  loaded.warnings.insert(loaded.warnings.end(), plans.warnings.begin(), plans.warnings.end());
  const auto is_before = [](const Finding &a, const Finding &b) {
    return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
  };
  std::stable_sort(loaded.errors.begin(), loaded.errors.end(), is_before);
  std::stable_sort(loaded.warnings.begin(), loaded.warnings.end(), is_before);
}

}  // namespace

int run_check(const std::string &file, bool is_json, const Surroundings &surroundings, const Screen &screen) {
  Loaded loaded = load_config(file, surroundings);
  add_plugins_word(loaded, surroundings);
  const bool is_good = loaded.errors.empty();
  if (is_json) {
    print_json(loaded, screen);
    return is_good ? exit_ok : exit_config;
  }
  for (const Finding &finding : loaded.errors) {
    screen.err << screen.paint("error: ", Colour::bad) << printable(finding.text()) << '\n';
  }
  for (const Finding &finding : loaded.warnings) {
    screen.err << screen.paint("warning: ", Colour::warning) << printable(finding.text()) << '\n';
  }
  if (is_good) {
    screen.out << printable(file) << ": ok, " << counted(loaded.config.sources.size(), "source")
               << printable(names_of(loaded.config.sources)) << ", "
               << counted(loaded.config.instances.size(), "instance") << printable(names_of(loaded.config.instances))
               << '\n';
    return exit_ok;
  }
  screen.err << printable(file) << ": " << counted(loaded.errors.size(), "error")
             << "; bellhopd would refuse to start\n";
  return exit_config;
}

}  // namespace bellhop::core
