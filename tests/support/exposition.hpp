// SPDX-License-Identifier: Apache-2.0
// Exposition: a reader of Prometheus' text format that forgives nothing, for tests of what we expose. The rules are
// those of the format (version 0.0.4) and of Prometheus' own linter: help and type before the samples, families whole,
// no series twice, counters named _total, histograms cumulative with +Inf.
#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace bellhop::test {

class Exposition {
 public:
  using Labels = std::map<std::string, std::string>;

  explicit Exposition(const std::string &text) {
    if (text.empty() || text.back() != '\n') fault("the last line has no end");
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) read(line);
    for (const auto &[name, type] : types_) {
      if (type == "histogram") check_histogram(name);
    }
  }

  const std::vector<std::string> &faults() const { return faults_; }
  std::string faults_text() const {
    std::string out;
    for (const std::string &fault : faults_) out += fault + "\n";
    return out;
  }
  bool has(const std::string &name) const { return types_.count(name) != 0; }
  std::string type_of(const std::string &name) const { return has(name) ? types_.at(name) : ""; }
  // The value of one series; NaN when it is not there.
  double value(const std::string &name, const Labels &labels = {}) const {
    const auto found = samples_.find({name, labels});
    return found == samples_.end() ? std::nan("") : found->second;
  }
  std::size_t count_of(const std::string &name) const {
    std::size_t count = 0;
    for (const auto &[key, value] : samples_) count += key.first == name ? 1u : 0u;
    return count;
  }

 private:
  void fault(const std::string &what) { faults_.push_back(what + (line_.empty() ? "" : ": " + line_)); }

  static bool is_name(const std::string &text) {
    if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) != 0) return false;
    for (const char c : text) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != ':') return false;
    }
    return true;
  }

  void read(const std::string &line) {
    line_ = line;
    if (line.rfind("# HELP ", 0) == 0) return read_help(line.substr(7));
    if (line.rfind("# TYPE ", 0) == 0) return read_type(line.substr(7));
    if (line.empty() || line[0] == '#') return fault("neither a comment that means something nor a sample");
    read_sample(line);
  }
  void read_help(const std::string &rest) {
    const std::size_t space = rest.find(' ');
    family_ = rest.substr(0, space);
    if (!is_name(family_)) fault("no name");
    if (space == std::string::npos || rest.size() < space + 4) fault("no help");
    if (!helps_.insert(family_).second) fault("the family stands twice");
  }
  void read_type(const std::string &rest) {
    std::istringstream in(rest);
    std::string name, type, more;
    in >> name >> type >> more;
    if (name != family_) fault("the type does not follow its help");
    if (type != "counter" && type != "gauge" && type != "histogram") fault("no such type");
    if (!more.empty() || !types_.emplace(name, type).second) fault("a type too much");
    const bool is_total = name.size() > 6 && name.compare(name.size() - 6, 6, "_total") == 0;
    if ((type == "counter") != is_total) fault("a counter ends in _total, and nothing else does");
  }

  // NAME{label="value",…} VALUE
  void read_sample(const std::string &line) {
    std::size_t at = line.find_first_of("{ ");
    if (at == std::string::npos) return fault("no value");
    const std::string name = line.substr(0, at);
    if (!is_name(name)) fault("no name");
    const std::string type = type_of(family_);
    const std::string end = name.substr(std::min(family_.size(), name.size()));
    const bool is_ours = name.rfind(family_, 0) == 0 &&
                         (type == "histogram" ? end == "_bucket" || end == "_sum" || end == "_count" : end.empty());
    if (!is_ours) fault("a sample outside of its family " + family_);
    Labels labels;
    if (line[at] == '{' && !read_labels(line, ++at, labels)) return;
    if (at >= line.size() || line[at] != ' ') return fault("no space before the value");
    const std::string text = line.substr(at + 1);
    char *rest = nullptr;
    const double value = std::strtod(text.c_str(), &rest);
    if (text.empty() || *rest != '\0') return fault("the value is no number, or something follows it");
    if (type != "gauge" && (value < 0 || !std::isfinite(value))) fault("a count below zero");
    if (!samples_.emplace(std::make_pair(name, labels), value).second) fault("the series stands twice");
  }
  bool read_labels(const std::string &line, std::size_t &at, Labels &labels) {
    while (at < line.size() && line[at] != '}') {
      const std::size_t equals = line.find("=\"", at);
      if (equals == std::string::npos) return fault("a label without a value"), false;
      const std::string name = line.substr(at, equals - at);
      if (!is_name(name) || name.find(':') != std::string::npos || name.rfind("__", 0) == 0) fault("a label's name");
      std::string value;
      for (at = equals + 2; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] != '\\') {
          value += line[at];
          continue;
        }
        const char escaped = ++at < line.size() ? line[at] : ' ';
        if (escaped != '\\' && escaped != '"' && escaped != 'n') fault("an escape that there is not");
        value += escaped == 'n' ? '\n' : escaped;
      }
      if (at >= line.size()) return fault("a label's value has no end"), false;
      if (!labels.emplace(name, value).second) fault("a label stands twice");
      ++at;
      if (at < line.size() && line[at] == ',') ++at;
    }
    if (at >= line.size()) return fault("the labels have no end"), false;
    ++at;
    return true;
  }

  void check_histogram(const std::string &name) {
    line_ = name;
    std::map<Labels, std::map<double, double>> buckets;
    for (const auto &[key, value] : samples_) {
      if (key.first != name + "_bucket") continue;
      Labels labels = key.second;
      const std::string bound = labels["le"];
      labels.erase("le");
      buckets[labels][std::strtod(bound.c_str(), nullptr)] = value;
    }
    if (buckets.empty()) fault("a histogram without buckets");
    for (const auto &[labels, bounds] : buckets) {
      double before = 0;
      for (const auto &[bound, value] : bounds) {
        if (value < before) fault("buckets must be cumulative");
        before = value;
      }
      if (!std::isinf(bounds.rbegin()->first)) fault("the bucket +Inf is missing");
      if (before != value(name + "_count", labels)) fault("+Inf and count differ");
      if (std::isnan(value(name + "_sum", labels))) fault("the sum is missing");
    }
  }

  std::string line_, family_;
  std::set<std::string> helps_;
  std::map<std::string, std::string> types_;
  std::map<std::pair<std::string, Labels>, double> samples_;
  std::vector<std::string> faults_;
};

}  // namespace bellhop::test
