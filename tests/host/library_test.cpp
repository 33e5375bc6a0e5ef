// SPDX-License-Identifier: Apache-2.0
// Every way in which a file is no plugin for this host: one sentence each, and nothing is loaded that should not be.
#include "host/library.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/elf_file.hpp"
#include "host/stage.hpp"

namespace bellhop::core {
namespace {

class Library : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::string refusal(const std::string &path) {
    const auto plugins = load_library(path);
    return plugins ? "it was loaded" : plugins.error().sentence;
  }
  static std::string built(const std::string &name) { return plugin_dir + name + ".so"; }
  std::string write(const std::string &name, const std::string &bytes) const {
    const std::string path = directory_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::string bytes_of(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::filesystem::path directory_ = test::new_temporary_directory("library");
};

TEST_F(Library, a_sound_one_gives_its_plugins) {
  const auto plugins = load_library(built("host_obedient"));

  ASSERT_TRUE(plugins.ok());
  ASSERT_EQ(plugins->size(), 1U);
  EXPECT_STREQ((*plugins)[0]->id, "obedient");
  EXPECT_EQ(batch_extension(*(*plugins)[0]), nullptr);
  EXPECT_NE(batch_extension(*(*load_library(built("host_batching")))[0]), nullptr);
}

TEST_F(Library, a_file_that_is_not_there_or_no_library_is_named) {
  const std::string text = write("notes.so", "just some notes\n"), empty = write("empty.so", "");

  EXPECT_EQ(refusal("/no/such.so"), "/no/such.so: cannot open the plugin library: No such file or directory");
  EXPECT_EQ(refusal("plugins/x.so"), "plugins/x.so: the path of a plugin library must be absolute");
  EXPECT_EQ(refusal(text), text + ": not a plugin library: it is no ELF file");
  EXPECT_EQ(refusal(empty), empty + ": not a plugin library: it is no ELF file");
  EXPECT_EQ(refusal(directory_.string()), directory_.string() + ": not a file");
}

TEST_F(Library, every_cut_of_a_library_is_a_sentence_and_not_a_crash) {
  const std::string whole = bytes_of(built("host_odd_none"));
  ASSERT_GT(whole.size(), 4000U);

  int cut_count = 0;
  for (std::size_t size = 4; size < whole.size(); size += 97) {
    const std::string path = write("cut.so", whole.substr(0, size));
    const auto checked = check_elf_file(path);
    if (checked.ok()) continue;  // only what the loader never maps is missing
    ++cut_count;
    EXPECT_NE(checked.error().sentence.find("cut off"), std::string::npos) << checked.error().sentence;
  }
  EXPECT_GT(cut_count, 20);  // how much the loader maps is the linker's choice
  const std::string half = write("half.so", whole.substr(0, whole.size() / 4));
  EXPECT_NE(refusal(half).find("cut off: it has " + std::to_string(whole.size() / 4) + " bytes, its headers speak of"),
            std::string::npos);
}

TEST_F(Library, another_machine_is_named_with_ours) {
  std::string bytes = bytes_of(built("host_odd_none"));
  const std::string ours = std::string("this host is ") + (bytes[18] == '\x3e' ? "x86-64" : "arm64");
  bytes[18] = '\x16';  // EM_S390
  const std::string foreign = write("foreign.so", bytes);
  bytes[18] = '\x03';  // EM_386
  const std::string narrow = write("narrow.so", bytes);

  EXPECT_EQ(refusal(foreign), foreign + ": built for s390, " + ours);
  EXPECT_EQ(refusal(narrow), narrow + ": built for x86 (32 bits), " + ours);
}

TEST_F(Library, damaged_headers_are_refused) {
  const std::string whole = bytes_of(built("host_odd_none"));
  const auto with = [&](std::size_t at, char value) {
    std::string bytes = whole;
    bytes[at] = value;
    return write("damaged.so", bytes);
  };

  EXPECT_NE(refusal(with(4, 1)).find("a 32-bit library"), std::string::npos);      // EI_CLASS
  EXPECT_NE(refusal(with(5, 2)).find("the other byte order"), std::string::npos);  // EI_DATA
  EXPECT_NE(refusal(with(16, 2)).find("not a shared library (ELF type 2)"), std::string::npos);
  EXPECT_NE(refusal(with(39, 0x7f)).find("program headers are beyond its end"), std::string::npos);  // e_phoff
  EXPECT_NE(refusal(with(56, 0)).find("damaged ELF file: 0 program headers"), std::string::npos);    // e_phnum
}

TEST_F(Library, a_library_that_is_no_plugin_is_told_from_one_for_another_abi) {
  EXPECT_EQ(refusal(built("host_odd_no_entry")),
            built("host_odd_no_entry") + ": not a Bellhop plugin: it does not export bellhop_plugin_v1");
  EXPECT_EQ(refusal(built("host_odd_newer_entry")),
            built("host_odd_newer_entry") + ": built for the plugin ABI 2, this host (0.1.0) speaks ABI 1");
  EXPECT_EQ(refusal(built("host_odd_major")),
            built("host_odd_major") + ": built for the plugin ABI 2.4, this host (0.1.0) speaks ABI 1.0");
  EXPECT_EQ(refusal(built("host_odd_empty")),
            built("host_odd_empty") + ": holds no plugin: bellhop_plugin_v1(0) returned NULL");
}

TEST_F(Library, a_table_with_a_hole_is_refused_by_name) {
  EXPECT_EQ(refusal(built("host_odd_size")),
            built("host_odd_size") +
                ": its plugin table has 96 bytes, ABI 1.0 of this host has 160: set struct_size = sizeof(bhp_plugin)");
  EXPECT_EQ(refusal(built("host_odd_id")),
            built("host_odd_id") + ": its plugin has no id of the form [a-z0-9.-]{1,64}");
  EXPECT_EQ(refusal(built("host_odd_create")), built("host_odd_create") + ": plugin odd has no function create");
  EXPECT_EQ(refusal(built("host_odd_deliver")), built("host_odd_deliver") + ": plugin odd has no function deliver");
  EXPECT_EQ(refusal(built("host_odd_destroy")), built("host_odd_destroy") + ": plugin odd has no function destroy");
}

TEST_F(Library, the_loaders_own_words_reach_the_operator) {
  // The name of a library that it needs, spoilt in place: only the loader can notice.
  std::string bytes = bytes_of(built("host_odd_none"));
  const auto at = bytes.find("libc.so.6");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 9, "libq.so.6");
  const std::string path = write("needy.so", bytes);

  EXPECT_EQ(refusal(path), "cannot load the plugin library " + path +
                               ": libq.so.6: cannot open shared object file: No such file or directory");
}

TEST_F(Library, missing_services_are_named_with_those_offered) {
  const auto plugins = load_library(built("host_odd_needs"));

  ASSERT_TRUE(plugins.ok()) << "loading is allowed: inspecting must work";
  const auto missing = missing_services(*(*plugins)[0], Offer::json_alone);
  EXPECT_EQ(missing, std::vector<std::string>{"bellhop.teleport/7"});
  EXPECT_EQ(missing_services_sentence("odd", missing, Offer::json_alone),
            "plugin odd needs bellhop.teleport/7, this host (0.1.0) offers bellhop.json/1");
  EXPECT_EQ(missing_services_sentence("odd", {}, Offer::json_alone), "");
}

}  // namespace
}  // namespace bellhop::core
