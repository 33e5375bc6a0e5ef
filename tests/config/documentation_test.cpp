// SPDX-License-Identifier: Apache-2.0
// Holds etc/bellhop.toml to the table of keys: every key is there, in its section, with its sentence, its range and its
// real default; nothing else is; and the file loads, as it stands and with every default taken out of its comment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <sstream>

#include "config/fixture.hpp"
#include "config/keys.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

struct Entry {
  std::string comment;  // the lines above, joined with spaces
  std::string value;
  bool is_commented_out = false;
};

std::string section_of(std::string name) {
  name = std::regex_replace(name, std::regex("^source\\.appointlet"), "source.NAME");
  name = std::regex_replace(name, std::regex("^limit\\.slack"), "limit.NAME");
  return std::regex_replace(name, std::regex("^instance\\.sqlite"), "instance.NAME");
}

class Documentation : public ConfigTest {
 protected:
  Documentation() {
    std::ifstream in(BELLHOP_SOURCE_DIR "/etc/bellhop.toml");
    std::stringstream out;
    out << in.rdbuf();
    text_ = out.str();
  }

  // "section/key" → what the file says of it
  std::map<std::string, Entry> entries() const {
    static const std::regex section_line("#?\\[([a-z.]+)\\]"), key_line("(#?)([a-z_]+) = (.*)");
    std::map<std::string, Entry> found;
    std::istringstream in(text_);
    std::string line, section, comment;
    std::smatch match;
    while (std::getline(in, line)) {
      if (std::regex_match(line, match, section_line)) {
        section = section_of(match[1]);
        comment.clear();
      } else if (std::regex_match(line, match, key_line)) {
        const bool is_new =
            found.emplace(section + "/" + match[2].str(), Entry{comment, match[3], match[1].length() > 0}).second;
        EXPECT_TRUE(is_new) << line;
        comment.clear();
      } else if (line.rfind("# ", 0) == 0) {
        comment += (comment.empty() ? "" : " ") + line.substr(2);
      } else {
        comment.clear();
      }
    }
    return found;
  }

  std::string uncommented() const { return std::regex_replace(text_, std::regex("(^|\n)#(?=[a-z_]+ = |\\[)"), "$1"); }

  std::string text_;
};

TEST_F(Documentation, has_every_key_with_its_sentence_range_and_default) {
  const std::map<std::string, Entry> found = entries();
  for (const KeyText &key : key_texts()) {
    SCOPED_TRACE("[" + key.section + "] " + key.name);
    const auto entry = found.find(key.section + "/" + key.name);
    ASSERT_NE(entry, found.end()) << "not in etc/bellhop.toml: " << key.sentence;
    EXPECT_THAT(entry->second.comment, HasSubstr(key.sentence));
    if (!key.range.empty()) {
      EXPECT_THAT(entry->second.comment, HasSubstr("Allowed: " + key.range + "."));
    }
    EXPECT_EQ(entry->second.is_commented_out, !key.is_required);
    if (!key.is_required) {
      EXPECT_EQ(entry->second.value, key.fallback);
    }
  }
}

TEST_F(Documentation, has_no_key_that_does_not_exist) {
  std::size_t keys_count = 0;
  for (const auto &[name, entry] : entries()) {
    for (const KeyText &key : key_texts()) keys_count += name == key.section + "/" + key.name ? 1u : 0u;
  }
  EXPECT_EQ(entries().size(), keys_count);
}

TEST_F(Documentation, loads_as_it_stands) {
  const Loaded loaded = parse(text_);

  EXPECT_EQ(errors(loaded), "");
  EXPECT_EQ(warnings(loaded), "");
  ASSERT_EQ(loaded.config.sources.size(), 1u);
  EXPECT_EQ(loaded.config.sources[0].tokens, std::vector<std::string>{"0123456789abcdef0123456789abcdef"});
  ASSERT_EQ(loaded.config.instances.size(), 1u);
  EXPECT_EQ(loaded.config.instances[0].plugin, "sqlite");
}

template <class T>
std::string values_of(const T &target) {
  std::ostringstream out;
  for (const Key<T> &key : keys_of<T>()) {
    out << key.name << " = ";
    std::visit(
        [&](auto member) {
          const auto &value = target.*member;
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::vector<std::string>>) {
            for (const std::string &item : value) out << item << ",";
          } else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Level>) {
            out << level_name(value);
          } else {
            out << value;
          }
        },
        key.at);
    out << "\n";
  }
  return out.str();
}

TEST_F(Documentation, shows_the_real_defaults) {
  ASSERT_NE(uncommented(), text_);
  const Loaded loaded = parse(uncommented());
  ASSERT_EQ(errors(loaded), "");
  Config config = loaded.config;
  EXPECT_GT(config.places.size(), key_texts().size());  // every key was read, none skipped
  config.plugin_dirs.clear();                           // empty in the file, filled in from where the program lives
  Config expected;
  SourceConfig source;
  source.tokens = config.sources.at(0).tokens;
  InstanceConfig instance;
  instance.plugin = "sqlite";

  EXPECT_EQ(values_of(config), values_of(expected));
  EXPECT_EQ(values_of(config.http), values_of(expected.http));
  EXPECT_EQ(values_of(config.journal), values_of(expected.journal));
  EXPECT_EQ(values_of(config.admin), values_of(expected.admin));
  EXPECT_EQ(values_of(config.metrics), values_of(expected.metrics));
  EXPECT_EQ(values_of(config.log), values_of(expected.log));
  EXPECT_EQ(values_of(config.egress), values_of(expected.egress));
  LimitConfig limit;
  limit.rate = "1/s";
  EXPECT_EQ(values_of(config.limits.at(0)), values_of(limit));
  EXPECT_EQ(values_of(config.instances.at(0).http), values_of(InstanceHttpConfig{}));
  EXPECT_EQ(values_of(config.sources.at(0)), values_of(source));
  EXPECT_EQ(values_of(config.instances.at(0)), values_of(instance));
  EXPECT_EQ(values_of(config.instances.at(0).retry), values_of(instance.retry));
  EXPECT_EQ(values_of(config.instances.at(0).breaker), values_of(instance.breaker));
  EXPECT_EQ(values_of(config.instances.at(0).http), values_of(instance.http));
}

}  // namespace
}  // namespace bellhop::core
