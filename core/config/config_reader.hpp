// SPDX-License-Identifier: Apache-2.0
// ConfigReader: the document's tree → config structs, by the table of keys. Knows shapes and ranges, no relation
// between two keys (that is checks.cpp). Goes on after an error, so that all of them are found.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/document.hpp"

namespace bellhop::core {

class ConfigReader {
 public:
  ConfigReader(const Surroundings &surroundings, Loaded &loaded) : surroundings_(surroundings), loaded_(loaded) {}

  void read(const Node &root);

 private:
  template <class T>
  void read_section(const Node &table, const std::string &path, T &target, const std::vector<std::string> &tables);
  template <class T, class K>
  void read_key(const K &key, const Member &member, const std::string &path, T &target);
  void read_sources(const Member &member);
  void read_source(const Member &member);
  void read_limits(const Member &member);
  void read_limit(const Member &member);
  void read_instances(const Member &member);
  void read_instance(const Member &member);
  void resolve_tokens(SourceConfig &source);
  bool is_table(const Member &member, const std::string &title);
  void check_name(const Member &member, const char *what);
  void unknown_key(const Member &member, const std::string &path, const std::vector<std::string> &allowed);
  void error(const Position &at, std::string sentence) { loaded_.errors.push_back({at, std::move(sentence)}); }

  const Surroundings &surroundings_;
  Loaded &loaded_;
};

}  // namespace bellhop::core
